import java.util.logging.*;

public class Jul {
    public static void main(String[] args) {
        Logger logger = Logger.getLogger("com.acme.Ledger");
        logger.info("GET /errors/list 200");
        logger.info("the error was handled");
        logger.warning("disk is slow");
        logger.severe("could not settle");
        try { Loggers.settle(5); } catch (RuntimeException e) { logger.log(Level.SEVERE, "could not settle at all", e); }
        logger.info("serving again");
    }
}
