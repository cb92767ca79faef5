//! x
fn main() {
    if let Err(e) = signpost::daemon::serve(std::env::args().nth(1).unwrap().into()) {
        eprintln!("{e:?}");
    }
}
