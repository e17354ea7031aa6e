//! A server that is busy, silent, or has lost a pack, by a proxy that answers in its place.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::place::{Machine, computed_alone, line};
use crate::servers::Server;

/// What the proxy does with the request of a number: true if it answers it itself.
type Answer = dyn Fn(usize, &str, &mut TcpStream) -> bool + Send + Sync;

/// A proxy before a server, one request a connection. Its thread ends with the test.
struct Proxy {
    port: u16,
    requests: Arc<AtomicUsize>,
}

impl Proxy {
    fn start(
        server: u16,
        answer: impl Fn(usize, &str, &mut TcpStream) -> bool + Send + Sync + 'static,
    ) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(AtomicUsize::new(0));
        let (count, answer): (_, Arc<Answer>) = (requests.clone(), Arc::new(answer));
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (count, answer) = (count.clone(), answer.clone());
                thread::spawn(move || pass(client, server, &count, answer.as_ref()));
            }
        });
        Proxy { port, requests }
    }
}

fn pass(mut client: TcpStream, server: u16, count: &AtomicUsize, answer: &Answer) -> Option<()> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let text = String::from_utf8(head).ok()?;
    if answer(count.fetch_add(1, Ordering::SeqCst), &text, &mut client) {
        return None;
    }
    let mut upstream = TcpStream::connect(("127.0.0.1", server)).ok()?;
    let text = text.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    upstream.write_all(text.as_bytes()).ok()?;
    let (mut from, mut to) = (client.try_clone().ok()?, upstream.try_clone().ok()?);
    thread::spawn(move || std::io::copy(&mut from, &mut to));
    std::io::copy(&mut upstream, &mut client).ok()?;
    client.shutdown(Shutdown::Both).ok()
}

fn busy(client: &mut TcpStream) -> bool {
    let answer = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let _ = client.write_all(answer);
    true
}

#[test]
#[ignore = "wants servers, see main.rs"]
fn a_server_that_is_busy_is_asked_again() {
    let server = Server::moto();
    // Of three requests it answers one.
    let proxy = Proxy::start(server.port, |number, _, client| number % 3 != 2 && busy(client));
    let place = Server::s3(proxy.port, "testing");
    let first = Machine::new(&place);
    let said = first.run_all();
    line(&said, "26 tasks to s3://bucket/team/cache");
    assert!(!said.contains("warning"), "{said}");
    let second = Machine::new(&place);
    let said = second.run_all();
    assert!(said.lines().last().unwrap().starts_with("nothing to do"), "{said}");
    assert!(!said.contains("warning"), "{said}");
    assert_eq!(second.results(), first.results());
    assert!(proxy.requests.load(Ordering::SeqCst) > 20);
}

#[test]
#[ignore = "wants servers, see main.rs"]
fn a_server_that_only_says_that_it_is_busy_is_one_warning() {
    let server = Server::moto();
    let place = Server::s3(server.port, "testing");
    Machine::new(&place).run_all();
    // Lists and indexes are had, packs are not.
    let proxy = Proxy::start(server.port, |_, head, client| head.contains("/v1/packs/") && busy(client));
    let place = Server::s3(proxy.port, "testing");
    let machine = Machine::new(&place);
    let said = machine.run_all();
    line(&said, "hspipe goes on without it");
    assert_eq!(machine.results(), computed_alone());
}

/// It takes the connection and says nothing: nobody waits for longer than a request may take.
#[test]
#[ignore = "wants servers, see main.rs"]
fn a_server_that_says_nothing_is_one_warning() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = Server::s3(listener.local_addr().unwrap().port(), "testing");
    let machine = Machine::new(&place);
    let said = machine.run_all();
    line(&said, "no answer within");
    assert_eq!(said.matches("warning: ").count(), 1, "{said}");
    line(&said, "26 tasks computed");
}

#[test]
#[ignore = "wants servers, see main.rs"]
fn nobody_at_home_is_one_warning_at_once() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = Server::s3(port, "testing");
    let said = Machine::new(&place).run_all();
    assert_eq!(said.matches("warning: ").count(), 1, "{said}");
    line(&said, "s3://bucket/team/cache cannot be listed");
}

/// Keys that may read and not write: what is there serves, and a word says that nothing is sent.
#[test]
#[ignore = "wants servers, see main.rs"]
fn who_may_only_read_reads() {
    let server = Server::moto();
    let place = Server::s3(server.port, "testing");
    Machine::new(&place).run(&["overlap"]);
    let proxy = Proxy::start(server.port, |_, head, client| {
        let is_put = head.starts_with("PUT ");
        if is_put {
            let answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = client.write_all(answer);
        }
        is_put
    });
    let place = Server::s3(proxy.port, "testing");
    let said = Machine::new(&place).run_all();
    line(&said, "tasks from s3://bucket/team/cache");
    line(&said, "what this run computes is not sent");
    line(&said, "hint: the keys that variables give may not do that there");
}

/// A pack that is gone from a bucket, and one whose bytes are others.
#[test]
#[ignore = "wants servers, see main.rs"]
fn packs_of_a_bucket_that_are_gone_or_damaged_are_made_anew() {
    let expected = computed_alone();
    for damage in ["DELETE", "PUT"] {
        let server = Server::moto();
        let place = Server::s3(server.port, "testing");
        Machine::new(&place).run_all();
        let listed = server.request("GET", "/bucket?list-type=2&prefix=team/cache/v1/packs/", b"");
        let listed = String::from_utf8(listed).unwrap();
        let names: Vec<&str> =
            listed.split("<Key>").skip(1).filter_map(|rest| rest.split('<').next()).collect();
        assert!(!names.is_empty(), "{listed}");
        for name in names {
            let path = format!("/bucket/{name}");
            let body: Vec<u8> = match damage {
                "PUT" => server.request("GET", &path, b"").iter().map(|byte| byte ^ 1).collect(),
                _ => Vec::new(),
            };
            server.request(damage, &path, &body);
        }
        let machine = Machine::new(&place);
        let said = machine.run_all();
        line(&said, "what was lost with it is made anew");
        assert_eq!(machine.results(), expected);
        let said = Machine::new(&place).run_all();
        assert!(said.lines().last().unwrap().starts_with("nothing to do"), "{said}");
    }
}
