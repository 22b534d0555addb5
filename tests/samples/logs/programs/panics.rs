use std::thread;
fn settle(n: usize) -> i32 { let v = vec![1, 2, 3]; v[n] }
fn main() {
    println!("listening");
    match std::env::args().nth(1).unwrap().as_str() {
        "index" => { settle(5); }
        "unwrap" => { Err::<i32, std::num::ParseIntError>("x".parse::<i32>().unwrap_err()).expect("a number"); }
        "assert" => { assert_eq!(100, 99, "balances differ"); }
        "thread" => { let _ = thread::Builder::new().name("worker".into()).spawn(|| { settle(5); }).unwrap().join(); println!("serving again"); }
        "unnamed" => { let _ = thread::spawn(|| { panic!("ledger\nis gone"); }).join(); println!("serving again"); }
        "twice" => { struct D; impl Drop for D { fn drop(&mut self) { panic!("second") } } let _d = D; panic!("first"); }
        "main" => { std::process::exit(101); }
        "overflow" => { fn deep(n: u64) -> u64 { if n == u64::MAX { 0 } else { 1 + deep(std::hint::black_box(n + 1)) } } println!("{}", deep(0)); }
        _ => {}
    }
}
