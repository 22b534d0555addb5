import java.util.*;
import java.util.concurrent.*;

public class Crashes {
    record Account(int id) {}
    static int deep(int n) { return deep(n + 1) + 1; }
    public static void main(String[] args) throws Exception {
        System.out.println("listening");
        switch (args[0]) {
            case "thrown" -> Loggers.settle(5);
            case "thread" -> { Thread t = new Thread(() -> Loggers.settle(5), "worker-1"); t.start(); t.join(); System.out.println("serving again"); }
            case "lambda" -> List.of(1, 2).stream().map(n -> Objects.requireNonNull((Object) null, "no account")).forEach(System.out::println);
            case "pool" -> { try { Executors.newSingleThreadExecutor().submit(() -> { Loggers.settle(5); return 1; }).get(); } catch (ExecutionException e) { e.printStackTrace(); } System.out.println("serving again"); System.exit(0); }
            case "own" -> { class LockLost extends Exception { LockLost() { super(); } } throw new LockLost(); }
            case "deep" -> deep(0);
            case "memory" -> { List<byte[]> all = new ArrayList<>(); while (true) all.add(new byte[1 << 20]); }
            case "assert" -> { assert 100 == 99 : "balances differ"; }
            case "lines" -> throw new RuntimeException("settle failed:\n  account 1: locked");
            case "init" -> { class Bad { static int x = Integer.parseInt("y"); } System.out.println(Bad.x); }
        }
    }
}
