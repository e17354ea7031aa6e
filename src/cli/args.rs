//! Every flag and its help, nothing else.

use std::path::PathBuf;
use std::sync::LazyLock;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Parser, Subcommand, ValueEnum};
use serde::de::DeserializeOwned;

use crate::data::{Colour, MAX_SIDE, Missing};
use crate::nn;
use crate::scores;
use crate::views::format::Format;

/// Finds, explains and studies the hard samples of a dataset.
///
/// pipeline.yaml describes a graph of stages. Every result is cached under the hash of what made it, so a
/// run computes only what has changed.
#[derive(Parser)]
#[command(version = version(), arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
    /// The pipeline file [default: pipeline.yaml, here or in a folder above; else hspipe's own]
    #[arg(long, global = true, value_name = "FILE")]
    pub pipeline: Option<PathBuf>,
    /// The cache folder [default: cache, beside the pipeline file]
    #[arg(long, global = true, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
    /// The folder of Results/ and Figures/ [default: that of the pipeline file]
    #[arg(long, global = true, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
    /// Print only what was asked for, and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Print a line for every task
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
}

impl Args {
    /// How the command says what it has to say.
    pub fn log_format(&self) -> LogFormat {
        match &self.command {
            Command::Run(run) => run.log_format,
            _ => LogFormat::Text,
        }
    }
}

/// With that of libtorch, for reports of what went wrong.
fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let libtorch = match nn::torch_program() {
            Some(_) => format!("with libtorch {}", nn::LIBTORCH_VERSION),
            None => "without libtorch".to_string(),
        };
        format!("{} ({libtorch})", env!("CARGO_PKG_VERSION"))
    });
    &VERSION
}

#[derive(Subcommand)]
pub enum Command {
    /// Write a pipeline for your own data
    #[command(after_help = "Example: hspipe init my-project --data ./my-images")]
    Init(Init),
    /// Compute targets, as far as the cache lacks them
    #[command(after_help = "Example: hspipe run figure8 --set datasets=MNIST --set runs=2")]
    Run(Run),
    /// Show what is cached and what would run, stage by stage
    #[command(after_help = "Example: hspipe status figure8 --profile quick")]
    Status(Status),
    /// Say why tasks would run, or what serves them
    #[command(after_help = "Example: hspipe why 'search[dataset=MNIST, set=0]' --set epochs=600")]
    Why(Why),
    /// Show the graph of stages
    #[command(after_help = "Example: hspipe graph figure8 --format mermaid")]
    Graph(Graph),
    /// List targets, stages, and parameters with their values
    #[command(after_help = "Example: hspipe list --profile quick")]
    List(List),
    /// Write what was found in a format of other programs
    #[command(subcommand, after_help = "Example: hspipe export hard-samples --format csv -o hard.csv")]
    Export(Export),
    /// Judge samples that came later by the networks of a past run
    #[command(after_help = "Example: hspipe score --data new-photos -o new.csv")]
    Score(Score),
    /// Compare Results/ with the published numbers, figure by figure
    #[command(after_help = "Example: hspipe check figure8")]
    Check(Check),
    /// Ask the tables of Results/ by SQL
    #[command(
        after_help = "Example: hspipe query \"SELECT strategy, avg(accuracy) FROM retrain_metrics WHERE test_set = 'hard' GROUP BY 1\""
    )]
    Query(Query),
    /// List the tables of Results/, or the columns of one
    #[command(after_help = "Example: hspipe tables hard_samples")]
    Tables(Tables),
    /// Write what has been computed as one HTML page
    #[command(after_help = "Example: hspipe report figure8 -o figure8.html")]
    Report(Report),
    /// List the runs on record
    #[command(after_help = "Example: hspipe log --last 5")]
    Log(Log),
    /// Show what differs between two runs
    #[command(after_help = "Example: hspipe diff 3 now --set runs=10")]
    Diff(Diff),
    /// Show the packs that runs have sent to other machines
    #[command(after_help = "Example: hspipe jobs log 'search[set=3]'")]
    Jobs(Jobs),
    /// Compute a pack that a run has sent: what jobs execute
    #[command(hide = true)]
    Work(Work),
    /// Look after the cache
    #[command(subcommand, after_help = "Example: hspipe cache gc --keep-runs 5 --dry-run")]
    Cache(Cache),
    /// Find and fetch datasets
    #[command(subcommand, after_help = "Example: hspipe data fetch MNIST")]
    Data(Data),
    /// See whether everything is there that hspipe needs
    #[command(after_help = "Example: hspipe doctor --on slurm")]
    Doctor(Doctor),
    /// Print the completions of a shell
    #[command(
        after_help = "Example: hspipe completions bash > ~/.local/share/bash-completion/completions/hspipe"
    )]
    Completions(Completions),
    /// Print the man page
    #[command(after_help = "Example: hspipe man ~/.local/share/man/man1")]
    Man(Man),
    /// Print how many CUDA devices libtorch finds
    #[command(hide = true)]
    Libtorch,
    /// Say what this machine is, and answer to the doctor that sent it
    #[command(hide = true)]
    Probe { folder: PathBuf, element: usize },
}

#[derive(clap::Args)]
pub struct Doctor {
    /// Look at the machines of an executor instead, by two small jobs
    #[arg(long, value_name = "EXECUTOR")]
    pub on: Option<String>,
}

#[derive(clap::Args)]
pub struct Completions {
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

#[derive(clap::Args)]
pub struct Man {
    /// Write the pages of all commands into this folder instead
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

#[derive(clap::Args)]
pub struct Init {
    /// The project's folder; it is made if need be
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// Your data: class folders of images, Parquet, CSV, .npz, .npy, IDX; or a known dataset's name
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
    /// Write hspipe's own pipeline instead, that of the paper and of all targets
    #[arg(long, conflicts_with_all = ["data", "dynamics"])]
    pub paper: bool,
    /// The column or array of the labels
    #[arg(long, value_name = "COLUMN", requires = "data")]
    pub label: Option<String>,
    /// The column or array of the images
    #[arg(long, value_name = "COLUMN", requires = "data")]
    pub image: Option<String>,
    /// Height and width that images are brought to, as 64x64
    #[arg(long, value_name = "HxW", requires = "data", value_parser = size)]
    pub resize: Option<[u32; 2]>,
    /// What images are brought to: grey or rgb
    #[arg(long, value_name = "COLOUR", requires = "data", value_parser = word::<Colour>)]
    pub colour: Option<Colour>,
    /// What stands in for a missing number: mean, that of its column
    #[arg(long, value_name = "WHAT", requires = "data", value_parser = word::<Missing>)]
    pub missing: Option<Missing>,
    /// What the data are called in tables and figures
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// A training that was recorded: of hspipe.Recorder, of dataset cartography, .npz, .npy or a table of probabilities. Given
    /// several times: several trainings on the same samples
    #[arg(long, value_name = "PATH")]
    pub dynamics: Vec<PathBuf>,
}

/// Reads a word as pipeline.yaml has it.
fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    T::deserialize(serde_json::Value::from(text)).map_err(|error| error.to_string())
}

/// Reads `64x48`: height and width.
fn size(text: &str) -> Result<[u32; 2], String> {
    let sides = text.split_once(['x', 'X']);
    let sides = sides.and_then(|(height, width)| Some([height.parse().ok()?, width.parse().ok()?]));
    let is_size = |sides: &[u32; 2]| sides.iter().all(|side| (1..=MAX_SIDE).contains(side));
    sides.filter(is_size).ok_or_else(|| format!("write height and width, as 64x64, {MAX_SIDE} at most"))
}

/// Parameters other than the file's defaults.
#[derive(clap::Args, Clone, Default)]
pub struct Settings {
    /// Set a parameter: name=value, a YAML value; may be given many times
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Use a profile of the pipeline file
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// Which remote cache a command uses.
#[derive(clap::Args, Clone, Default)]
pub struct RemoteCache {
    /// A remote cache: s3://BUCKET/PREFIX, gs://, az:// or file:///FOLDER; or none [default: HSPIPE_REMOTE,
    /// else `remote` of the pipeline]
    #[arg(long = "remote", value_name = "URL")]
    pub remote_url: Option<String>,
}

#[derive(clap::Args)]
pub struct Run {
    /// Targets, stages, or stages with fixed axes: figure8, overlap, 'identify[strategy=energy]'
    #[arg(required = true, value_name = "TARGET")]
    pub targets: Vec<String>,
    #[command(flatten)]
    pub settings: Settings,
    /// Threads that compute [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// How to report on the run, on stderr
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Send what takes long to an executor of executors.yaml
    #[arg(long, value_name = "NAME")]
    pub on: Option<String>,
    /// End as soon as everything that can be is on its way; the same command without this goes on
    #[arg(long, requires = "on")]
    pub detach: bool,
    /// Show what would run, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Compute this stage's tasks even if they are cached; may be given many times
    #[arg(long, value_name = "STAGE")]
    pub force: Vec<String>,
    /// Seconds between two checkpoints of a task that takes long
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0, value_parser = seconds)]
    pub checkpoint_every: f64,
    /// Start nothing new after the first failure
    #[arg(long)]
    pub fail_fast: bool,
    #[command(flatten)]
    pub remote: RemoteCache,
}

/// Threads where nothing else is asked for.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[derive(Clone, Copy, ValueEnum)]
pub enum LogFormat {
    /// Lines for people, and bars on a terminal
    Text,
    /// A JSON object a line
    Json,
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| (0.0..=1e6).contains(seconds));
    seconds.ok_or_else(|| "a number of seconds from 0 to 1000000 is wanted".to_string())
}

#[derive(clap::Args)]
pub struct Jobs {
    #[command(subcommand)]
    pub command: Option<JobsCommand>,
}

#[derive(Subcommand)]
pub enum JobsCommand {
    /// Print what the processes that computed a task have printed
    Log {
        /// A task, or a stage: 'fit[dataset=MNIST, set=0]', fit
        #[arg(value_name = "TASK")]
        task: String,
    },
    /// End all packs that are on their way
    Cancel,
}

#[derive(clap::Args)]
pub struct Work {
    /// The folder of the run's packs
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// The pack's number
    #[arg(value_name = "PACK")]
    pub pack: usize,
}

#[derive(clap::Args)]
pub struct Status {
    /// Targets or stages [default: everything]
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    #[command(flatten)]
    pub settings: Settings,
    #[command(flatten)]
    pub remote: RemoteCache,
}

#[derive(clap::Args)]
pub struct Why {
    /// Stages or tasks: fit, 'fit[dataset=MNIST, set=0]'
    #[arg(required = true, value_name = "STAGE|TASK")]
    pub tasks: Vec<String>,
    #[command(flatten)]
    pub settings: Settings,
    #[command(flatten)]
    pub remote: RemoteCache,
}

#[derive(clap::Args)]
pub struct Graph {
    /// Targets or stages [default: everything]
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    #[command(flatten)]
    pub settings: Settings,
    #[arg(long, value_enum, default_value_t = GraphFormat::Text)]
    pub format: GraphFormat,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum GraphFormat {
    Text,
    /// For Graphviz
    Dot,
    /// For Markdown
    Mermaid,
}

#[derive(clap::Args)]
pub struct List {
    #[command(flatten)]
    pub settings: Settings,
}

#[derive(Subcommand)]
pub enum Export {
    /// The hard samples that `hspipe run hard` has found, the hardest first
    #[command(after_help = "Example: hspipe export hard-samples --format indices --top 100")]
    HardSamples(HardSamples),
    /// Every sample and what may be wrong with it, the most suspect label first; columns have cleanlab's names
    #[command(after_help = "Example: hspipe export issues --only-label-issues -o issues.csv")]
    Issues(Issues),
}

#[derive(clap::Args)]
pub struct HardSamples {
    #[command(flatten)]
    pub options: ExportOptions,
    /// Rank by the share of this strategy's sets alone
    #[arg(long, value_name = "STRATEGY", value_parser = strategies())]
    pub strategy: Option<String>,
}

#[derive(clap::Args)]
pub struct Issues {
    #[command(flatten)]
    pub options: ExportOptions,
    /// Only samples whose label is probably wrong
    #[arg(long)]
    pub only_label_issues: bool,
}

#[derive(clap::Args)]
pub struct ExportOptions {
    /// How to write them [default: by the ending of FILE, else csv]
    #[arg(long, value_enum)]
    pub format: Option<ExportFormat>,
    /// Where to write [default: stdout, as with -]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// A list whose lines end by NUL, for names with line breaks: xargs -0
    #[arg(short = '0', long)]
    pub null: bool,
    /// Only the first N of each dataset
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,
    /// Only this dataset, as `datasets` has it
    #[arg(long, value_name = "NAME")]
    pub dataset: Option<String>,
    #[command(flatten)]
    pub settings: Settings,
    #[command(flatten)]
    pub remote: RemoteCache,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A row for each sample, below a header
    Csv,
    /// An array of objects
    Json,
    Parquet,
    /// What .txt stands for: a line for each sample, its file or its number where samples have no files
    Indices,
}

fn strategies() -> PossibleValuesParser {
    PossibleValuesParser::new(
        scores::ALL.iter().map(|score| PossibleValue::new(score.name).help(score.about)),
    )
}

#[derive(clap::Args)]
pub struct Score {
    /// The samples: what the dataset of the run may be, read in the same way; labels may be missing
    #[arg(long, value_name = "PATH")]
    pub data: PathBuf,
    #[command(flatten)]
    pub options: ExportOptions,
}

#[derive(clap::Args)]
pub struct Check {
    /// Figures or panels: figure3, figure8, figure8a [default: all that have been computed]
    #[arg(value_name = "FIGURE")]
    pub figures: Vec<String>,
    /// Compare scores of MNIST with its published C-scores too: mnist-cscores.npy of structural-regularity
    #[arg(long, value_name = "FILE")]
    pub c_scores: Option<PathBuf>,
}

#[derive(clap::Args)]
pub struct Query {
    /// The query, or - to read it from stdin; tables are named as in `hspipe tables`
    #[arg(value_name = "SQL")]
    pub sql: String,
    /// How to write the rows [default: by the ending of FILE, else table]
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// Write here instead of to stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// The most rows that a table for people has
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub rows: usize,
}

#[derive(clap::Args)]
pub struct Tables {
    /// A table
    #[arg(value_name = "TABLE")]
    pub name: Option<String>,
}

#[derive(clap::Args)]
pub struct Report {
    /// Targets or stages that it is about [default: everything]
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
    #[command(flatten)]
    pub settings: Settings,
    /// The page [default: Results/report.html, beside the pipeline file]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub remote: RemoteCache,
}

#[derive(clap::Args)]
pub struct Log {
    /// How many of the newest
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub last: usize,
}

#[derive(clap::Args)]
pub struct Diff {
    /// A run: its number in `hspipe log`, last, or now for what is cached of the pipeline
    #[arg(value_name = "RUN")]
    pub old: String,
    /// Another
    #[arg(value_name = "RUN", default_value = "now")]
    pub new: String,
    #[command(flatten)]
    pub settings: Settings,
}

#[derive(Subcommand)]
pub enum Cache {
    /// Show how much there is, by op
    Stats(Stats),
    /// Read what is stored and compare it with its name; set aside what is damaged
    Verify(Verify),
    /// Remove what none of the newest runs needs
    Gc(Gc),
    /// Send what is cached to a remote cache
    #[command(after_help = "Example: hspipe cache push s3://our-bucket/hspipe")]
    Push(Push),
    /// Fetch what a remote cache has, all of it or what targets need
    #[command(after_help = "Example: hspipe cache pull s3://our-bucket/hspipe figure8 --recheck 1%")]
    Pull(Pull),
    /// Make a key to sign with, and print the public key
    Keygen(Keygen),
}

/// What follows `--remote` where it needs nothing: the remote cache that is known anyway.
pub const KNOWN: &str = "";

#[derive(clap::Args)]
pub struct Stats {
    /// Of a remote cache [default: HSPIPE_REMOTE, else `remote` of the pipeline]
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = KNOWN)]
    pub remote: Option<String>,
}

#[derive(clap::Args)]
pub struct Push {
    /// Where to [default: HSPIPE_REMOTE, else `remote` of the pipeline]
    #[arg(value_name = "URL")]
    pub url: Option<String>,
}

#[derive(clap::Args)]
pub struct Pull {
    /// Where from, and the targets, stages or tasks whose results and all that they are made of are fetched [default: by
    /// HSPIPE_REMOTE, else `remote` of the pipeline; everything]
    #[arg(value_name = "URL|TARGET")]
    pub words: Vec<String>,
    /// Compute a part of what came anew, drawn at random, and compare the bytes: 1%, or a number of tasks. If they are not the
    /// same, nothing of what came is kept
    #[arg(long, value_name = "SHARE", value_parser = part)]
    pub recheck: Option<Part>,
    #[command(flatten)]
    pub settings: Settings,
}

/// A part of some tasks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    Share(f64),
    Count(usize),
}

impl Part {
    /// Of so many tasks; at least one, where there is one.
    pub fn of(self, tasks: usize) -> usize {
        let count = match self {
            Part::Share(share) => (share * tasks as f64).ceil() as usize,
            Part::Count(count) => count,
        };
        count.max(1).min(tasks)
    }
}

fn part(text: &str) -> Result<Part, String> {
    let part = match text.strip_suffix('%') {
        Some(share) => share
            .parse()
            .ok()
            .filter(|share| *share > 0.0 && *share <= 100.0)
            .map(|s: f64| Part::Share(s / 100.0)),
        None => text.parse().ok().filter(|count| *count > 0).map(Part::Count),
    };
    part.ok_or_else(|| "write a share as 1%, or a number of tasks".to_string())
}

#[derive(clap::Args)]
pub struct Keygen {
    /// Where to write the key that signs; HSPIPE_SIGNING_KEY names it
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(clap::Args)]
pub struct Verify {
    /// Read only so many objects and records, drawn at random
    #[arg(long, value_name = "N")]
    pub sample: Option<usize>,
    /// Compute so many cached tasks of the pipeline again, drawn at random, and compare the bytes
    #[arg(long, value_name = "N")]
    pub recompute: Option<u16>,
    #[command(flatten)]
    pub settings: Settings,
}

#[derive(clap::Args)]
pub struct Gc {
    /// Keep what the newest N runs need
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    pub keep_runs: u16,
    /// Keep fewer of them, but the newest, so that their tables take no more: 500MB, 2GB
    #[arg(long, value_name = "SIZE", value_parser = super::amounts::parse_size)]
    pub max_size: Option<u64>,
    /// Collect in a remote cache instead [default: HSPIPE_REMOTE, else `remote` of the pipeline]
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = KNOWN, conflicts_with_all = ["keep_runs", "max_size"])]
    pub remote: Option<String>,
    /// There, keep what runs of the last N days need
    #[arg(long, value_name = "N", default_value_t = 90, requires = "remote")]
    pub keep_days: u16,
    /// Show how much would be removed, and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Seconds until a name that another machine writes is seen here: so long is waited where several use the cache
    #[arg(long, value_name = "SECONDS", default_value_t = 65.0, value_parser = seconds)]
    pub settle: f64,
}

#[derive(Subcommand)]
pub enum Data {
    /// Show each dataset: where it was found, or where it could come from
    List,
    /// Fetch datasets into the data folder (HSPIPE_DATA, or data/)
    Fetch {
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
    },
}
