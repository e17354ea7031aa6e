//! Servers that speak the languages of object stores, started by a test and ended with it.
//!
//! `HSPIPE_SERVERS` names the folder that .ci/run has installed them in: moto in `python`, s3rver and azurite in
//! `node_modules`. A test that wants one and finds none fails.

use std::env;
use std::fs::{self, File};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::place::Place;
use crate::shared::{push_and_pull, read_and_write_through};

/// A server. It ends when dropped.
pub struct Server {
    process: Child,
    folder: tempfile::TempDir,
    pub port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts the program of this name; `words` are given its port and a folder for its data.
    fn start(program: &str, words: impl Fn(&str, &str) -> Vec<String>) -> Server {
        let servers = env::var_os("HSPIPE_SERVERS").expect("HSPIPE_SERVERS names the folder of the servers");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        let mut process = Command::new(PathBuf::from(servers).join(program))
            .args(words(&port.to_string(), data.to_str().unwrap()))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}"));
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(process.try_wait().unwrap().is_none(), "{program} ended");
            sleep(Duration::from_millis(50));
        }
        Server { process, folder, port }
    }

    /// moto, which is S3 without rights, with an empty bucket.
    pub fn moto() -> Server {
        let server = Server::start("python/bin/moto_server", |port, _| {
            ["-H", "127.0.0.1", "-p", port].map(String::from).into()
        });
        server.request("PUT", "/bucket", b"");
        server
    }

    /// s3rver, which is S3 and puts whatever the conditions.
    fn s3rver() -> Server {
        Server::start("node_modules/.bin/s3rver", |port, data| {
            ["-a", "127.0.0.1", "-p", port, "-d", data, "--configure-bucket", "bucket"]
                .map(String::from)
                .into()
        })
    }

    /// azurite, which is Azure Blob Storage, with an empty container.
    fn azurite() -> Server {
        let server = Server::start("node_modules/.bin/azurite-blob", |port, data| {
            ["--blobHost", "127.0.0.1", "--blobPort", port, "-l", data, "--silent", "--skipApiVersionCheck"]
                .map(String::from)
                .into()
        });
        let script = server.folder.path().join("container.py");
        File::create(&script).unwrap().write_all(CONTAINER.as_bytes()).unwrap();
        let made = Command::new("python3").arg(&script).arg(server.port.to_string()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        server
    }

    /// Where its bucket is, by this port: its own, or that of something in between.
    pub fn s3(port: u16, key: &str) -> Place {
        let variables = vec![
            ("AWS_ENDPOINT", format!("http://127.0.0.1:{port}")),
            ("AWS_ALLOW_HTTP", "true".to_string()),
            ("AWS_REGION", "us-east-1".to_string()),
            ("AWS_ACCESS_KEY_ID", key.to_string()),
            ("AWS_SECRET_ACCESS_KEY", key.to_string()),
        ];
        Place { url: "s3://bucket/team/cache".to_string(), variables }
    }

    /// A request of the test's own.
    pub fn request(&self, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        // moto wants to see a signature and looks at none.
        let signature = "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/s3/aws4_request, \
                         SignedHeaders=host, Signature=0";
        let request =
            ureq::http::Request::builder().method(method).uri(url).header("Authorization", signature);
        let request = request.body(body).unwrap();
        ureq::run(request).unwrap().body_mut().with_config().limit(1 << 30).read_to_vec().unwrap()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

/// Makes a container by a request that is signed with the emulator's key, which everyone knows.
const CONTAINER: &str = r#"
import base64, datetime, hashlib, hmac, sys, urllib.request
key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
date = datetime.datetime.now(datetime.timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")
signed = f"PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:2021-08-06\n"
signed += "/devstoreaccount1/devstoreaccount1/bucket\nrestype:container"
mac = hmac.new(base64.b64decode(key), signed.encode(), hashlib.sha256).digest()
headers = {"x-ms-date": date, "x-ms-version": "2021-08-06", "Content-Length": "0"}
headers["Authorization"] = "SharedKey devstoreaccount1:" + base64.b64encode(mac).decode()
url = f"http://127.0.0.1:{sys.argv[1]}/devstoreaccount1/bucket?restype=container"
urllib.request.urlopen(urllib.request.Request(url, method="PUT", headers=headers))
"#;

#[test]
#[ignore = "wants servers, see main.rs"]
fn in_a_bucket_of_s3() {
    let server = Server::moto();
    read_and_write_through(&Server::s3(server.port, "testing"));
    let server = Server::moto();
    push_and_pull(&Server::s3(server.port, "testing"));
}

#[test]
#[ignore = "wants servers, see main.rs"]
fn in_a_bucket_of_a_server_that_ignores_conditions() {
    let server = Server::s3rver();
    read_and_write_through(&Server::s3(server.port, "S3RVER"));
    let server = Server::s3rver();
    push_and_pull(&Server::s3(server.port, "S3RVER"));
}

#[test]
#[ignore = "wants servers, see main.rs"]
fn in_a_container_of_azure() {
    let server = Server::azurite();
    let url = format!("http://127.0.0.1:{}", server.port);
    let variables =
        vec![("AZURE_STORAGE_USE_EMULATOR", "true".to_string()), ("AZURITE_BLOB_STORAGE_URL", url)];
    read_and_write_through(&Place { url: "az://bucket/cache".to_string(), variables });
}
