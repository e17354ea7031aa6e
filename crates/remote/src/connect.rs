//! A client for an address, by what variables say of keys and servers.
//!
//! In: an address, and variables: `AWS_*`, `GOOGLE_*`, `AZURE_*`. Out: a client of `object_store`, or
//! what is lacking and what to do. Sends no request.

use std::env;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hspipe_engine::address::{Address, Kind};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::local::LocalFileSystem;
use object_store::{BackoffConfig, ClientConfigKey, ObjectStore, RetryConfig};

/// Why there is no client.
pub struct NoClient {
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub hint: Option<String>,
}

impl<E: std::error::Error> From<E> for NoClient {
    fn from(error: E) -> Self {
        NoClient { what: error.to_string(), hint: None }
    }
}

/// What each client is set to unless a variable says otherwise. A request's own time is limited in
/// [`crate::bucket`], by its size.
const DEFAULTS: [(ClientConfigKey, &str, &str); 2] = [
    (ClientConfigKey::ConnectTimeout, "CONNECT_TIMEOUT", "5 seconds"),
    (ClientConfigKey::Timeout, "TIMEOUT", "1 hour"),
];

/// What to do where no keys are given.
const AMAZON: &str = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_REGION, or AWS_ENDPOINT for a server that is \
                      not Amazon's; `eval \"$(aws configure export-credentials --format env)\"` takes them from a profile";
const GOOGLE: &str = "set GOOGLE_SERVICE_ACCOUNT to the file of a service account's key, or use `gcloud auth \
                      application-default login`";
const AZURE: &str = "set AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_KEY; AZURE_USE_AZURE_CLI=true takes the login of `az`";

/// A server that is busy is asked again for about ten seconds, if whoever asks is patient.
fn retry(is_patient: bool) -> RetryConfig {
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(5),
        base: 2.0,
    };
    let max_retries = if is_patient { 7 } else { 0 };
    RetryConfig { backoff, max_retries, retry_timeout: Duration::from_secs(20) }
}

/// The defaults that no variable with this beginning overrides.
fn defaults(prefix: &'static str) -> impl Iterator<Item = (ClientConfigKey, &'static str)> {
    let is_free = move |name: &str| env::var_os(format!("{prefix}{name}")).is_none();
    DEFAULTS.into_iter().filter(move |(_, name, _)| is_free(name)).map(|(key, _, value)| (key, value))
}

/// A client for `address`.
pub fn connect(address: &Address, is_patient: bool) -> Result<Arc<dyn ObjectStore>, NoClient> {
    match address.kind {
        Kind::Folder => folder(Path::new(&address.place)),
        Kind::S3 => s3(&address.place, retry(is_patient)),
        Kind::Google => google(&address.place, retry(is_patient)),
        Kind::Azure => azure(&address.place, retry(is_patient)),
    }
}

/// The folder itself is made, not those above it: a disk that is not mounted is an error.
fn folder(path: &Path) -> Result<Arc<dyn ObjectStore>, NoClient> {
    if !path.is_dir() {
        fs::create_dir(path).map_err(|error| NoClient {
            what: error.to_string(),
            hint: Some(format!("make the folder that {} is to lie in; is its disk mounted?", path.display())),
        })?;
    }
    Ok(Arc::new(LocalFileSystem::new_with_prefix(path)?))
}

fn s3(bucket: &str, retry: RetryConfig) -> Result<Arc<dyn ObjectStore>, NoClient> {
    use AmazonS3ConfigKey as Key;
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retry);
    for (key, value) in defaults("AWS_") {
        builder = builder.with_config(Key::Client(key), value);
    }
    let given = [
        Key::AccessKeyId,
        Key::WebIdentityTokenFile,
        Key::ContainerCredentialsRelativeUri,
        Key::ContainerCredentialsFullUri,
        Key::MetadataEndpoint,
    ];
    let is_given = given.iter().any(|key| builder.get_config_value(key).is_some());
    if !is_given && !is_set("AWS_SKIP_SIGNATURE") {
        machine_gives_keys("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set", AMAZON)?;
    }
    Ok(Arc::new(builder.build()?))
}

fn google(bucket: &str, retry: RetryConfig) -> Result<Arc<dyn ObjectStore>, NoClient> {
    use GoogleConfigKey as Key;
    let mut builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket).with_retry(retry);
    for (key, value) in defaults("GOOGLE_") {
        builder = builder.with_config(Key::Client(key), value);
    }
    let given = [Key::ServiceAccount, Key::ServiceAccountKey, Key::ApplicationCredentials];
    let usual = env::home_dir()
        .is_some_and(|home| home.join(".config/gcloud/application_default_credentials.json").exists());
    let is_given = usual || given.iter().any(|key| builder.get_config_value(key).is_some());
    if !is_given && !is_set("GOOGLE_SKIP_SIGNATURE") {
        machine_gives_keys("GOOGLE_SERVICE_ACCOUNT is not set", GOOGLE)?;
    }
    Ok(Arc::new(builder.build()?))
}

fn azure(container: &str, retry: RetryConfig) -> Result<Arc<dyn ObjectStore>, NoClient> {
    use AzureConfigKey as Key;
    let mut builder = MicrosoftAzureBuilder::from_env().with_container_name(container).with_retry(retry);
    for (key, value) in defaults("AZURE_") {
        builder = builder.with_config(Key::Client(key), value);
    }
    let is_emulator = is_set("AZURE_STORAGE_USE_EMULATOR") || is_set("AZURE_USE_EMULATOR");
    if !is_emulator && builder.get_config_value(&Key::AccountName).is_none() {
        return Err(NoClient {
            what: "AZURE_STORAGE_ACCOUNT_NAME is not set".to_string(),
            hint: Some("set it, and AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_KEY".to_string()),
        });
    }
    let given = [
        Key::AccessKey,
        Key::SasKey,
        Key::Token,
        Key::ClientSecret,
        Key::FederatedTokenFile,
        Key::MsiEndpoint,
    ];
    let is_given = given.iter().any(|key| builder.get_config_value(key).is_some());
    let others = ["AZURE_SKIP_SIGNATURE", "AZURE_USE_AZURE_CLI"];
    if !is_given && !is_emulator && !others.into_iter().any(is_set) {
        machine_gives_keys("AZURE_STORAGE_ACCOUNT_KEY is not set", AZURE)?;
    }
    Ok(Arc::new(builder.build()?))
}

fn is_set(variable: &str) -> bool {
    env::var(variable).is_ok_and(|value| matches!(value.to_lowercase().as_str(), "true" | "1" | "yes" | "y"))
}

/// Machines of these three companies give keys to what runs on them, at one address. Elsewhere nobody
/// answers there, and a client would wait for long.
fn machine_gives_keys(what: &str, hint: &str) -> Result<(), NoClient> {
    let address = SocketAddr::from(([169, 254, 169, 254], 80));
    match TcpStream::connect_timeout(&address, Duration::from_secs(1)) {
        Ok(_) => Ok(()),
        Err(_) => Err(NoClient { what: what.to_string(), hint: Some(hint.to_string()) }),
    }
}

/// What to do about what a server or a client says.
pub fn hint(error: &object_store::Error) -> Option<String> {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &error.to_string();
        cause = error.source();
    }
    let refused = matches!(
        error,
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. }
    );
    let hint = match () {
        // Where a machine is asked for its keys.
        () if text.contains("169.254.169.254") || text.contains("metadata.google.internal") => match () {
            () if text.contains("GCS") => GOOGLE,
            () if text.contains("Azure") => AZURE,
            () => AMAZON,
        },
        () if text.contains("URL scheme is not allowed") => {
            "the server's address is http://: AWS_ALLOW_HTTP=true, GOOGLE_ALLOW_HTTP or AZURE_ALLOW_HTTP lets it be"
        }
        () if refused || text.contains("SignatureDoesNotMatch") || text.contains("InvalidAccessKeyId") => {
            "the keys that variables give may not do that there: look at them, and at the rights of the bucket"
        }
        () if text.contains("NoSuchBucket") || text.contains("ContainerNotFound") => {
            "there is no such bucket: make it, or mend the address"
        }
        () => return None,
    };
    Some(hint.to_string())
}
