//! data: where the datasets are, and fetching them.

use std::process::ExitCode;

use super::args;
use super::pipe::{say, tell};
use super::project;
use crate::data::{self, Folders, Whereabouts};
use crate::views::aligned::Table;

pub fn data(args: &args::Args, command: &args::Data) -> anyhow::Result<ExitCode> {
    let folders = Folders::from_env(&project::root(args));
    match command {
        args::Data::List => {
            let mut table = Table::new(&["dataset", "state", "where"]);
            for dataset in data::known() {
                let (state, place) = match data::locate(&dataset, &folders) {
                    Whereabouts::Found { place } => ("here", place),
                    Whereabouts::Absent { could_come_from } => ("absent", could_come_from.join("; ")),
                };
                table.row(vec![dataset.name().into(), state.into(), place.into()]);
            }
            tell!("{}", table.text());
            Ok(ExitCode::SUCCESS)
        }
        args::Data::Fetch { names } => {
            let mut code = ExitCode::SUCCESS;
            for name in names {
                let dataset = data::find(name)?;
                let say = &mut |line: &str| {
                    if !args.quiet {
                        say!("{name}: {line}");
                    }
                };
                match data::fetch(&dataset, &folders, say) {
                    Ok(folder) => tell!("{name}: {}\n", folder.display()),
                    Err(error) => code = super::error::report(&error.into()),
                }
            }
            Ok(code)
        }
    }
}
