//! `mingluo check`: everything that can be known to be wrong before it is needed.

use super::{ConfigFile, say};
use crate::{
    app::{City, open_store},
    config::Config,
    region::Region,
};
use serde_json::json;
use std::process::ExitCode;

/// 检查。
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    #[command(flatten)]
    file: ConfigFile,
    /// 输出 JSON。 Answer in JSON.
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let mut findings: Vec<(&str, Result<String, String>)> = Vec::new();
        let config = match Config::read(&self.file.config) {
            Ok(config) => config,
            Err(error) => {
                findings.push(("configuration", Err(chain(&error.into()))));
                return Ok(self.tell(&findings));
            }
        };
        findings.push(("configuration", Ok(self.file.config.display().to_string())));
        let region = Region::read(&config);
        let told = region.map(|region| format!("{} divisions", region.gazetteer.len()));
        findings.push(("region pack", told.map_err(|error| chain(&error.into()))));
        let store = open_store(&config).await;
        findings.push(("store", store.map(|store| store.engine().to_owned()).map_err(|error| chain(&error))));
        let accounts = City::check_accounts(&config);
        findings.push(("accounts", accounts.map_err(|error| chain(&error))));
        Ok(self.tell(&findings))
    }

    fn tell(&self, findings: &[(&str, Result<String, String>)]) -> ExitCode {
        let good = findings.iter().all(|(_, finding)| finding.is_ok());
        if self.json {
            let told = findings.iter().map(|(what, finding)| match finding {
                Ok(detail) => json!({ "what": what, "ok": true, "detail": detail }),
                Err(detail) => json!({ "what": what, "ok": false, "detail": detail }),
            });
            say(json!({ "ok": good, "findings": told.collect::<Vec<_>>() }));
        } else {
            for (what, finding) in findings {
                match finding {
                    Ok(detail) => say(format_args!("通过 ok    {what}: {detail}")),
                    Err(detail) => say(format_args!("有误 wrong {what}: {detail}")),
                }
            }
        }
        if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn chain(error: &anyhow::Error) -> String {
    format!("{error:#}")
}
