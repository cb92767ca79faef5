//! The prober's own network is cut, in a network namespace that the test makes: nobody goes down, the alarm is up, answers stay.
//! What really dies is told apart from it. Needs root and `ip`; without them it fails and says so.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::harness::server::{Folder, Server};
use crate::harness::{ZONE_HEAD, until};

/// The port of every endpoint.
const PORT: u16 = 18_080;
const PLACES: u8 = 3;
const IN_EACH: u8 = 3;

/// Two namespaces with a wire between them: the prober's, and that of everybody else.
struct Wire {
    near: String,
    far: String,
}

impl Wire {
    fn new() -> Self {
        let name = |end: &str| format!("signpost-{}-{end}", std::process::id());
        let wire = Self { near: name("near"), far: name("far") };
        let (near, far) = (&wire.near, &wire.far);
        for namespace in [near, far] {
            ip(&format!("netns add {namespace}"));
            ip(&format!("-n {namespace} link set lo up"));
        }
        ip(&format!("-n {near} link add near type veth peer name far netns {far}"));
        ip(&format!("-n {far} addr add 10.99.0.2/24 dev far"));
        ip(&format!("-n {far} link set far up"));
        for address in (1..=PLACES).flat_map(|place| (1..=IN_EACH).map(move |number| v4(place, number))) {
            ip(&format!("-n {far} addr add {address}/32 dev lo"));
        }
        ip(&format!("-n {near} addr add 10.99.0.1/24 dev near"));
        wire.mend_here();
        wire
    }

    /// Takes the near end down: there is no route any more.
    fn cut_here(&self) {
        ip(&format!("-n {} link set near down", self.near));
    }

    fn mend_here(&self) {
        ip(&format!("-n {} link set near up", self.near));
        ip(&format!("-n {} route add 10.99.0.0/16 via 10.99.0.2", self.near));
    }

    /// Makes the far end swallow every reply: nothing comes back.
    fn cut_there(&self) {
        ip(&format!("-n {} route add blackhole 10.99.0.1/32", self.far));
    }

    fn mend_there(&self) {
        ip(&format!("-n {} route del blackhole 10.99.0.1/32", self.far));
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        for namespace in [&self.near, &self.far] {
            // What was not made can't be removed.
            let _ = Command::new("ip").args(["netns", "del", namespace]).stderr(Stdio::null()).status();
        }
    }
}

fn ip(arguments: &str) {
    let output = Command::new("ip").args(arguments.split(' ')).output().expect("ip is missing: apt-get install iproute2");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ip {arguments}: {said}; a network namespace needs root");
}

fn v4(place: u8, number: u8) -> String {
    format!("10.99.{place}.{number}")
}

/// A command that runs in a namespace; `ip` becomes what it runs.
fn within(namespace: &str, program: &str) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", namespace, program]);
    command
}

/// One nginx that answers at every address of the far end.
struct Endpoints {
    process: Child,
    _folder: tempfile::TempDir,
}

impl Endpoints {
    fn start(wire: &Wire) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let configuration = format!(
            "daemon off; master_process off; pid nginx.pid; error_log error.log;
             events {{ worker_connections 256; }}
             http {{
                 access_log off;
                 client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
                 scgi_temp_path scgi;
                 server {{ listen {PORT}; location / {{ return 200; }} }}
             }}\n"
        );
        fs::write(folder.path().join("nginx.conf"), configuration).unwrap();
        let mut nginx = within(&wire.far, "nginx");
        let process = nginx.arg("-p").arg(folder.path()).args(["-c", "nginx.conf"]).stderr(Stdio::null()).spawn().unwrap();
        let pid = folder.path().join("nginx.pid");
        until("nginx takes connections", || fs::read_to_string(&pid).ok().filter(|id| !id.is_empty()));
        Self { process, _folder: folder }
    }
}

impl Drop for Endpoints {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Three places of three endpoints each, of both families, and somebody for when nobody is up.
fn folder() -> Folder {
    let pool = |place: u8| {
        let endpoint = |number: u8| {
            let (v4, v6) = (v4(place, number), format!("2001:db8:{place}::{number}"));
            format!("{{ name = \"e{number}\", v4 = \"{v4}\", v6 = \"{v6}\" }}")
        };
        let endpoints: Vec<String> = (1..=IN_EACH).map(endpoint).collect();
        format!("[pool.p{place}]\ncheck = \"web\"\nchoose = \"all\"\nendpoints = [{}]\n", endpoints.join(", "))
    };
    let pools: String = (1..=PLACES).map(pool).collect();
    let config = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\nwarmup = \"20s\"\n\
         [check.web]\nkind = \"tcp\"\nport = {PORT}\ninterval = \"300ms\"\ntimeout = \"300ms\"\nfall = 2\nrise = 1\n\
         {pools}\
         [pool.sorry]\nendpoints = {{ name = \"s\", v4 = \"10.99.9.9\", v6 = \"2001:db8:9::9\" }}\n\
         [policy.web]\nchoose = \"failover\"\nfrom = [\"p1\", \"p2\", \"p3\"]\nlast = \"sorry\"\n"
    );
    let zone = format!("{ZONE_HEAD}\nwww IN A 10.99.1.1\n    IN AAAA 2001:db8:1::1\n_steer.www IN TXT \"web\"\n");
    Folder::new([("signpost.toml", config.as_str()), ("zones/example.com.zone", &zone)])
}

/// The addresses that a client in the prober's namespace is told, sorted.
fn told(wire: &Wire, server: &Server, rtype: &str) -> Vec<String> {
    let mut dig = within(&wire.near, "dig");
    dig.args(["@127.0.0.1", "-p", &server.address().port().to_string(), "+short", "+tries=1", "+time=10"]);
    let output = dig.args(["www.example.com", rtype]).output().unwrap();
    let mut addresses: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    addresses.sort();
    addresses
}

/// Some seconds long, because endpoints must have the time to go down several times over, were the prober to believe it.
#[test]
fn a_cut_of_our_own_network_takes_nobody_down() {
    let wire = Wire::new();
    let endpoints = Endpoints::start(&wire);
    let folder = folder();
    let server = Server::start_within(&wire.near, &folder);
    let first = [v4(1, 1), v4(1, 2), v4(1, 3)];

    // There is no IPv6 here: that costs IPv4 nothing, and the start has not waited for it.
    until("the alarm about IPv6", || server.log().contains("alarm=\"prober-blind\" subject=IPv6").then_some(()));
    assert!(!server.log().contains("warmup="), "{}", server.log());
    assert_eq!(told(&wire, &server, "A"), first);
    assert_eq!(told(&wire, &server, "AAAA").len(), 3);

    for (cut, mend) in [(Wire::cut_here as fn(&Wire), Wire::mend_here as fn(&Wire)), (Wire::cut_there, Wire::mend_there)] {
        let begun = Instant::now();
        server.log_after("alarm=\"prober-blind\" subject=IPv4", || cut(&wire));
        println!("the alarm is up {:?} after the cut", begun.elapsed());
        for _ in 0..20 {
            assert_eq!(told(&wire, &server, "A"), first);
            sleep(Duration::from_millis(50));
        }
        server.log_after("the alarm is over", || mend(&wire));
        assert!(!server.log().contains("endpoint is down"), "{}", server.log());
    }

    // One who is out of reach alone goes down.
    server.log_after("endpoint is down", || ip(&format!("-n {} addr del {}/32 dev lo", wire.far, v4(1, 1))));
    until("the others are told", || (told(&wire, &server, "A") == [v4(1, 2), v4(1, 3)]).then_some(()));

    // All that are really dead refuse: that is no blindness, and there is an answer all the same.
    drop(endpoints);
    until("the last resort is told", || (told(&wire, &server, "A") == ["10.99.9.9"]).then_some(()));
    assert_eq!(server.log().matches("alarm=\"prober-blind\" subject=IPv4").count(), 4, "raised and cleared twice");
}
