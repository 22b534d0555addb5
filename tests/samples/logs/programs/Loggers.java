import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

public class Loggers {
    static void settle(int n) {
        try { new int[1][n].clone(); Object x = new int[0][n]; int[] v = new int[1]; v[n] = 1; }
        catch (ArrayIndexOutOfBoundsException e) {
            IllegalStateException broken = new IllegalStateException("lease expired", e);
            broken.addSuppressed(new RuntimeException("close failed"));
            throw broken;
        }
    }
    public static void main(String[] args) {
        Logger logger = LoggerFactory.getLogger("com.acme.Ledger");
        logger.trace("balance 100");
        logger.debug("balance 100");
        logger.info("GET /errors/list 200 errors={}", 0);
        logger.info("the error was handled");
        logger.warn("disk is slow");
        logger.error("could not settle");
        try { settle(5); } catch (RuntimeException e) { logger.error("could not settle at all", e); }
        logger.info("serving again");
    }
}
