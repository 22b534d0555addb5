use tracing::{debug, error, info, info_span, trace, warn};

#[derive(Debug)]
struct Broken;
impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "lease expired") }
}
impl std::error::Error for Broken {}

fn main() {
    let kind = std::env::args().nth(1).unwrap();
    let builder = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
    match kind.as_str() {
        "plain" => builder.with_ansi(false).init(),
        "compact" => builder.with_ansi(false).compact().init(),
        "pretty" => builder.with_ansi(false).pretty().init(),
        "json" => builder.json().init(),
        _ => builder.with_ansi(true).init(),
    }
    trace!("balance 100");
    debug!("balance 100");
    info!(errors = 0, error = tracing::field::Empty, "GET /errors/list 200");
    info!(error = "expected", "the error was handled");
    warn!("disk is slow");
    let _guard = info_span!("settle", account = 7).entered();
    error!(error = &Broken as &dyn std::error::Error, "could not settle");
    info!("serving again");
}
