//! The demo without a terminal: edges that die and revive, and a whole visit through pipes.

use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write, pipe};
use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::health::Verdict;
use crate::load::Loader;
use crate::snapshot::{Family, NodeKind};

/// No test waits longer for what must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A part of loopback for one test of this process.
fn network(test: u8) -> Network {
    let [.., high, low] = std::process::id().to_be_bytes();
    Network([127, 100 + high % 100, low ^ test])
}

/// What an edge says to a visitor; the kind of error if it says nothing.
async fn fetch(address: (std::net::Ipv4Addr, u16)) -> Result<String, io::ErrorKind> {
    let talk = async {
        let mut connection = TcpStream::connect(address).await?;
        connection.write_all(b"GET /healthz HTTP/1.1\r\nHost: www.example.com\r\n\r\n").await?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await?;
        Ok(answer)
    };
    talk.await.map_err(|error: io::Error| error.kind())
}

#[tokio::test]
async fn a_killed_edge_refuses_connections_until_it_is_revived() {
    let network = network(0x10);
    let mut edges = Edges::start(network).await.unwrap();
    let ashburn = (network.address(12), edges.port());
    let answer = fetch(ashburn).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nhello from Ashburn (iad-1)\n"), "{answer}");
    let mut idle = TcpStream::connect(ashburn).await.unwrap();
    assert!(!edges.toggle(&edges_of(1)).await.unwrap());
    assert_eq!(fetch(ashburn).await, Err(io::ErrorKind::ConnectionRefused));
    assert_eq!(idle.read(&mut [0]).await.unwrap_or(0), 0, "an open connection ends with its edge");
    assert!(fetch((network.address(11), edges.port())).await.is_ok(), "the others live on");
    assert!(edges.toggle(&edges_of(1)).await.unwrap());
    assert!(fetch(ashburn).await.is_ok());
}

#[tokio::test]
async fn edges_find_another_port_if_theirs_is_taken() {
    let network = network(0x20);
    let squatter = TcpListener::bind((network.address(22), 8080)).unwrap();
    let edges = Edges::start(network).await.unwrap();
    assert_ne!(edges.port(), squatter.local_addr().unwrap().port());
    assert!(fetch((network.address(22), edges.port())).await.is_ok());
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_next_step() {
    let network = network(0x30);
    let address = (network.address(1), DNS_PORT);
    let taken = UdpSocket::bind(address).unwrap();
    let (input, _keys) = pipe().unwrap();
    let Err(Failure::CouldNotRun(message)) = play(network, input, io::sink(), false).await else { panic!("it ran") };
    let server = taken.local_addr().unwrap();
    assert!(message.starts_with(&format!("can't answer on {server}: ")), "{message}");
    assert!(message.ends_with("`ss -lntup 'sport = :5300'` shows who listens: stop it (perhaps another demo), and try again"));
}

#[test]
fn the_files_say_what_the_code_says() {
    let network = network(0x40);
    let folder = Folder::write(network, 8081, unguessable()).unwrap();
    let loaded = Loader::new(folder.config(), 1).load().unwrap();
    assert_eq!(loaded.report.summary(), "1 zone, 4 names, 5 records, 1 steered name, 0 errors, 0 warnings");
    let policies = &loaded.snapshot.policies;
    assert!(policies.probes().iter().all(|probe| probe.key.port == 8081));
    for (pool, place) in ["eu", "us", "ap"].into_iter().zip(0..) {
        let NodeKind::Pool(pool) = &policies.node(policies.find(pool).unwrap()).unwrap().kind else { panic!("no pool") };
        let written = pool.endpoints.iter().map(|endpoint| (endpoint.name.as_str(), endpoint.addresses[Family::V4].unwrap()));
        let known = edges_of(place).into_iter().map(|edge| (EDGES[edge].name, network.address(EDGES[edge].host).into()));
        assert_eq!(written.collect::<Vec<_>>(), known.collect::<Vec<_>>());
    }
    let written = |file| std::fs::read_to_string(folder.path().join(file)).unwrap();
    let config = written("signpost.toml");
    assert!(config.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count() <= 25);
    assert_eq!(written("zones/example.com.zone").lines().filter(|line| line.starts_with("_steer")).count(), 1);
    let path = folder.path().to_owned();
    drop(folder);
    assert!(!path.exists());
}

/// Somebody who types keys and reads lines.
struct Visitor {
    keys: PipeWriter,
    lines: mpsc::UnboundedReceiver<String>,
    all: String,
}

impl Visitor {
    fn new(keys: PipeWriter, output: PipeReader) -> Self {
        let (sender, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            BufReader::new(output).lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        Self { keys, lines, all: String::new() }
    }

    /// Reads on to a line with this in it.
    async fn sees(&mut self, text: &str) -> String {
        loop {
            let line = tokio::time::timeout(PATIENCE, self.lines.recv()).await;
            let Ok(Some(line)) = line else { panic!("{text:?} does not come:\n{}", self.all) };
            self.all.push_str(&line);
            self.all.push('\n');
            if line.contains(text) {
                return line;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_kills_and_revives_and_never_lacks_an_answer() {
    let network = network(0x50);
    let ((input, keys), (output, out)) = (pipe().unwrap(), pipe().unwrap());
    let demo = tokio::spawn(play(network, input, out, false));
    let mut visitor = Visitor::new(keys, output);
    let folder = visitor.sees("Its files, read again when they change: ").await;
    let folder = Path::new(folder.rsplit(": ").next().unwrap()).to_owned();
    assert!(folder.join("signpost.toml").exists());
    let first = visitor.sees("Berlin    [").await;
    assert!(first.contains("fra-1 ") && first.contains("fra-2 "), "{first}");
    visitor.keys.write_all(b"1\n").unwrap();
    visitor.sees("you killed fra-1, fra-2").await;
    visitor.sees("Berlin is sent to Ashburn instead of Frankfurt").await;
    visitor.keys.write_all(b"1\n").unwrap();
    visitor.sees("you revived fra-1, fra-2").await;
    visitor.sees("Berlin is sent to Frankfurt instead of Ashburn").await;
    visitor.keys.write_all(b"a\n").unwrap();
    visitor.sees("nothing is up: answers go on").await;
    let mut resolver = Resolver::new(SocketAddr::from((network.address(1), DNS_PORT))).await.unwrap();
    assert_eq!(resolver.ask(CLIENTS[0].subnet, 10).await.len(), 10);
    drop(visitor.keys);
    tokio::time::timeout(PATIENCE, demo).await.unwrap().unwrap().unwrap();
    assert!(!folder.exists());
}

const PICTURE: &str = "\
Signpost demo: example.com on 127.0.0.1:5300. Try from another terminal:
dig @127.0.0.1 -p 5300 www.example.com +short +subnet=141.20.0.0/16 # Frankfurt
dig @127.0.0.1 -p 5300 www.example.com +short +subnet=128.59.0.0/16 # Ashburn
dig @127.0.0.1 -p 5300 www.example.com +short +subnet=133.11.0.0/16 # Singapore
curl http://127.0.0.12:8080/ # hello from Ashburn
target/release/signpost status --config /var/signpost-demo-0123ab/signpost.toml
Its files, read again when they change: /var/signpost-demo-0123ab

Frankfurt  1 fra-1 127.0.0.11 DOWN    3 s   4 fra-2 127.0.0.21 up     11 s
Ashburn    2 iad-1 127.0.0.12 up     11 s   5 iad-2 127.0.0.22 up     11 s
Singapore  3 sin-1 127.0.0.13 up     11 s   6 sin-2 127.0.0.23 up     11 s

Who is sent where, of 7 queries each (16 asked, 1 unanswered):
Berlin    [fra-1 42 % ===============fra-2 14 iad-1 42 % ================]
New York  [iad-1 50 % ====================iad-2 50 % ====================]
Tokyo     [sin-1 100 % ==================================================]

   7.0 s  you killed fra-1, fra-2
   9.0 s  fra-1 is down: connection refused
   9.0 s  Berlin is sent to Ashburn instead of Frankfurt, 2.0 s after the key



1 2 3 kill or revive a place, 4 5 6 its second edge only, a all, q quit";

#[test]
fn the_picture_fits_a_usual_terminal() {
    let mut board = Board::default();
    let seconds = Duration::from_secs;
    let standing = |verdict, since| {
        let last_error = Some((seconds(9), "connection refused".into()));
        Some(Standing { verdict, since, last_error, ..Standing::default() })
    };
    let mut standings = vec![standing(Verdict::Up, seconds(1)); 6];
    board.take_standings(seconds(1), &standings);
    for (client, edges) in [[0, 0, 0, 1], [2, 2, 3, 3], [4, 4, 4, 4]].iter().enumerate() {
        board.take_answers(seconds(1), client, edges, 4);
    }
    board.note_key(seconds(7), "you killed fra-1, fra-2".to_owned());
    standings[0] = standing(Verdict::Down, seconds(9));
    board.take_standings(seconds(9), &standings);
    board.take_answers(seconds(9), 0, &[2, 2, 2], 4);
    let (folder, program) = ("/var/signpost-demo-0123ab".into(), "target/release/signpost".into());
    let scene = Scene { network: Network::USUAL, dns_port: DNS_PORT, edge_port: 8080, folder, program };
    let picture = screen::frame(&scene, &board, seconds(12), 24, false);
    assert!(picture.len() <= 24 && picture.iter().all(|line| line.len() <= 80), "{picture:#?}");
    assert_eq!(picture.join("\n"), PICTURE);
    let coloured = screen::frame(&scene, &board, seconds(12), 24, true).join("\n");
    assert!(coloured.contains("\x1b[31;1mDOWN\x1b[0m"));
    let small = screen::frame(&scene, &board, seconds(12), 10, false);
    assert_eq!((small.len(), small.last()), (10, picture.last()));
}

#[test]
fn keys_are_few_and_arrows_do_nothing() {
    let toggle = |edges: &[usize]| Some(Key::Toggle(edges.to_vec()));
    assert_eq!(Key::from_byte(b'2'), toggle(&[2, 3]));
    assert_eq!(Key::from_byte(b'6'), toggle(&[5]));
    assert_eq!(Key::from_byte(b'a'), toggle(&[0, 1, 2, 3, 4, 5]));
    assert_eq!(Key::from_byte(b'q'), Some(Key::Quit));
    assert!(b"\x1b[A\n 079".iter().all(|&byte| Key::from_byte(byte).is_none()));
}
