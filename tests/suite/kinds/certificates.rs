//! nginx with certificates that are good, end soon, too soon or ended, or are somebody else's: who is answered, what is said.

use std::time::{Duration, SystemTime};

use hickory_proto::rr::RecordType;

use crate::harness::client::{addresses, ask, query};
use crate::harness::endpoint::{Authority, Nginx, PORT};
use crate::harness::server::{Folder, Server};
use crate::harness::{ZONE_HEAD, until};

const NAME: &str = "www.example.com";

/// A certificate's end, so many hours from now; less some minutes, which the test has to run.
fn in_hours(hours: i64) -> SystemTime {
    let now = SystemTime::now() - Duration::from_secs(600);
    let span = Duration::from_secs(hours.unsigned_abs() * 3600);
    if hours < 0 { now - span } else { now + span }
}

#[test]
fn a_certificate_is_graded_and_the_endpoint_with_it() {
    let authority = Authority::new();
    let good = Nginx::https(&authority, NAME);
    let soon = Nginx::https_until(&authority, NAME, in_hours(10 * 24));
    let too_soon = Nginx::https_until(&authority, NAME, in_hours(30));
    let expired = Nginx::https_until(&authority, NAME, in_hours(-3 * 24));
    let another = Nginx::https(&authority, "www.example.net");
    let endpoints: Vec<String> =
        [("good", &good), ("soon", &soon), ("too-soon", &too_soon), ("expired", &expired), ("another", &another)]
            .map(|(name, nginx)| format!("{{ name = \"{name}\", v4 = \"{}\" }}", nginx.address()))
            .into();
    let endpoints = endpoints.join(", ");
    let certificate = "certificate = { warn = \"21d\", down = \"2d\" }";
    let config = format!(
        r#"
[server]
listen = "127.0.0.1:0"

[check.https]
kind = "https"
host = "{NAME}"
port = {PORT}
ca = "ca.pem"
interval = "1s"
{certificate}

[check.tls]
kind = "tls"
host = "{NAME}"
port = {PORT}
ca = "ca.pem"
interval = "1s"
{certificate}

[pool.https]
check = "https"
choose = "all"
endpoints = [{endpoints}]

[pool.tls]
check = "tls"
choose = "all"
endpoints = [{endpoints}]
"#
    );
    let zone = format!(
        "{ZONE_HEAD}\nhttps IN A 192.0.2.10\n_steer.https IN TXT \"https\"\ntls IN A 192.0.2.10\n_steer.tls IN TXT \"tls\"\n"
    );
    let files = [("signpost.toml", config.as_str()), ("zones/example.com.zone", &zone), ("ca.pem", &authority.pem())];
    let server = Server::start(&Folder::new(files));
    for name in ["https.example.com.", "tls.example.com."] {
        let reply = ask(server.address(), &query(name, RecordType::A));
        assert_eq!(addresses(&reply), [good.address(), soon.address()].into(), "{name}");
    }
    for check in ["https", "tls"] {
        for (nginx, reason) in [
            (&too_soon, "certificate ends in 29 hours, expected 2 days at least".to_owned()),
            (&expired, "certificate expired 3 days ago".to_owned()),
            (&another, format!(r#"certificate is not valid for \"{NAME}\", but for \"www.example.net\""#)),
        ] {
            let down = format!("endpoint is down endpoint=\"{check}/");
            let address = format!("address={} ", nginx.address());
            let log = server.log();
            let line = log.lines().find(|line| line.contains(&down) && line.contains(&address)).expect(&log);
            assert!(line.contains(&reason), "{line}");
        }
        let alarm = format!("certificate ends in 9 days: renew it alarm=\"certificate-ends\" subject={check} {}", soon.address());
        until(&alarm, || server.log().contains(&alarm).then_some(()));
    }
    let alarms = server.log().matches("certificate-ends").count();
    assert_eq!(alarms, 2, "one for each check, told once: {}", server.log());
}
