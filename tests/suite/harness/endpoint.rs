//! Real endpoints: nginx on loopback addresses that belong to this run of the tests alone, killed and started at will.

use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};

use super::server::signal;
use super::until;

/// The port of every endpoint; below those that the system hands out, so that nobody has it by chance.
pub(crate) const PORT: u16 = 18_080;

/// A loopback address that no other test uses at the same time, in this run or another.
pub(crate) fn address() -> IpAddr {
    static LAST: AtomicU8 = AtomicU8::new(0);
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let last = LAST.fetch_add(1, Ordering::Relaxed);
    Ipv4Addr::new(127, 64 | high & 63, low, last.checked_add(1).filter(|last| *last < 255).expect("few tests")).into()
}

/// An nginx that answers 200 to everything; it ends with this value.
#[derive(Debug)]
pub(crate) struct Nginx {
    address: IpAddr,
    folder: tempfile::TempDir,
    process: Option<Child>,
}

impl Nginx {
    /// Plain HTTP, running.
    pub(crate) fn http() -> Self {
        Self::new("", "", |_| {})
    }

    /// Plain HTTP, running; 503 to whoever asks for another host.
    pub(crate) fn http_for(host: &str) -> Self {
        Self::new("", &format!("if ($host != \"{host}\") {{ return 503; }}"), |_| {})
    }

    /// Plain HTTP, running; whoever asks is sent elsewhere.
    pub(crate) fn redirect(to: &str) -> Self {
        Self::new("", &format!("return 302 {to};"), |_| {})
    }

    /// Plain HTTP, running; `/big` has so many octets, and they are zero.
    pub(crate) fn big(octets: u64) -> Self {
        Self::new("", "location = /big { root .; }", |folder| {
            fs::File::create(folder.join("big")).unwrap().set_len(octets).unwrap();
        })
    }

    /// HTTPS with a certificate of this authority for this name, running.
    pub(crate) fn https(authority: &Authority, name: &str) -> Self {
        Self::https_until(authority, name, SystemTime::now() + Duration::from_secs(90 * 86_400))
    }

    /// The same with a certificate that ends then.
    pub(crate) fn https_until(authority: &Authority, name: &str, end: SystemTime) -> Self {
        let tls = "ssl_certificate cert.pem; ssl_certificate_key key.pem;";
        Self::new(" ssl", tls, |folder| {
            let (certificate, key) = authority.certificate(name, end);
            fs::write(folder.join("cert.pem"), certificate).unwrap();
            fs::write(folder.join("key.pem"), key).unwrap();
        })
    }

    fn new(listen: &str, directives: &str, prepare: impl FnOnce(&Path)) -> Self {
        let (address, folder) = (address(), tempfile::tempdir().unwrap());
        prepare(folder.path());
        let directives = format!("listen {address}:{PORT}{listen}; {directives}");
        fs::write(folder.path().join("nginx.conf"), configuration(&directives)).unwrap();
        let mut nginx = Self { address, folder, process: None };
        nginx.start();
        nginx
    }

    pub(crate) fn address(&self) -> IpAddr {
        self.address
    }

    /// Starts it and waits until it takes connections.
    pub(crate) fn start(&mut self) {
        let folder = self.folder.path();
        let spawned = Command::new("nginx").arg("-p").arg(folder).args(["-c", "nginx.conf"]).stderr(Stdio::null()).spawn();
        let mut process = match spawned {
            Err(error) if error.kind() == ErrorKind::NotFound => panic!("nginx is missing: apt-get install nginx-light"),
            spawned => spawned.unwrap(),
        };
        until("nginx takes connections", || match process.try_wait().unwrap() {
            Some(status) => {
                panic!("nginx ended ({status}): {}", fs::read_to_string(folder.join("error.log")).unwrap_or_default())
            }
            None => TcpStream::connect((self.address, PORT)).ok(),
        });
        self.process = Some(process);
    }

    /// Kills it, as a crash or a power cut would.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().expect("a running nginx");
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Leaves it connected and silent, as a machine out of memory would.
    pub(crate) fn freeze(&self) {
        signal(self.process.as_ref().expect("a running nginx"), "STOP");
    }

    pub(crate) fn thaw(&self) {
        signal(self.process.as_ref().expect("a frozen nginx"), "CONT");
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.kill();
        }
    }
}

/// One process and no file outside its folder. A silent connection may stay, so that only the server's timeout ends it.
fn configuration(directives: &str) -> String {
    format!(
        "daemon off; master_process off; pid nginx.pid; error_log error.log;
         events {{ worker_connections 256; }}
         http {{
             access_log off;
             client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
             server {{ {directives} location / {{ return 200 \"well\\n\"; }} }}
         }}\n"
    )
}

/// A CA of the test's own.
#[derive(Debug)]
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for the name that ends then, and its key, as PEM.
    pub(crate) fn certificate(&self, name: &str, end: SystemTime) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_after = date_time_ymd(1970, 1, 1) + end.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }
}
