//! `mingluo resident followers`: who follows the service account and has said where they live (公众号关注者), as rows of a
//! roster, so that they are warned and not only answered.

use super::{ModeWord, say};
use crate::{
    cli::{Told as _, boxes::write_new},
    config::Config,
    inquiry::named,
    region::Region,
};
use anyhow::bail;
use mingluo_ledger::{Store, audit::AuditLine, store::StoredReply};
use mingluo_model::{
    clock::{Clock as _, system::SystemClock},
    mode::ModeKind,
    plan::AccountName,
    region::{Level, RegionCode},
    reply::Wish,
};
use mingluo_targeting::gazetteer::Gazetteer;
use serde_json::json;
use std::{collections::BTreeMap, path::PathBuf};

/// What followers wrote is read in steps of so many.
const STEP: u32 = 10_000;

/// The file is the owner's alone: it holds personal data.
const PRIVATE: u32 = 0o600;

/// A roster's columns (see `mingluo import --help`), and those that it has besides where there are such accounts.
const HEAD: &str = "region,groups,sms,wechat,email,speaker";
const CHATS: &str = ",wecom,robot";

#[derive(Debug, clap::Args)]
pub(super) struct Followers {
    /// 实发或演练。 Live or drill.
    #[arg(long, value_enum, default_value = "live")]
    mode: ModeWord,
    /// 写入该文件，须是新文件；内容是个人信息，只有本用户可读。 A new file, which only this user may read: it holds personal data.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// 输出 JSON。 Answer in JSON.
    #[arg(long)]
    json: bool,
}

/// What one follower said last of each thing.
#[derive(Debug, Default)]
struct Said {
    wish: Option<Wish>,
    region: Option<RegionCode>,
}

/// A follower and the village of their row. A roster has villages only; who named no more than a township or a county is put
/// into its first one: warnings to that place reach them.
struct Placed<'a> {
    village: RegionCode,
    openid: &'a str,
    is_coarse: bool,
}

/// All who wrote, by open id.
#[derive(Debug, Default)]
struct Heard(BTreeMap<String, Said>);

impl Heard {
    /// Takes in what somebody wrote before all that was taken in already.
    fn earlier(&mut self, kept: &StoredReply, gazetteer: &Gazetteer) {
        let said = self.0.entry(kept.reply.from.expose().to_owned()).or_default();
        let wish = kept.reply.wish();
        if matches!(wish, Wish::OptIn | Wish::OptOut) {
            said.wish.get_or_insert(wish);
        }
        if said.region.is_none() {
            said.region = named(&kept.reply).and_then(|name| gazetteer.find(name));
        }
    }

    fn out(&self) -> usize {
        self.0.values().filter(|said| said.wish == Some(Wish::OptOut)).count()
    }

    /// Those to be warned and their villages, in the order of the divisions.
    fn placed(&self, gazetteer: &Gazetteer) -> Vec<Placed<'_>> {
        let stays = |said: &&Said| said.wish != Some(Wish::OptOut);
        let followers = self.0.iter().filter(|(_, said)| stays(said));
        let mut placed: Vec<_> = followers
            .filter_map(|(openid, said)| {
                let said = said.region?;
                let village = gazetteer.inside(said, Level::Village).map(|it| it.code).min()?;
                Some(Placed { village, openid, is_coarse: village != said })
            })
            .collect();
        placed.sort_unstable_by_key(|one| (one.village, one.openid));
        placed
    }
}

impl Followers {
    pub(super) async fn run(&self, store: &dyn Store, config: &Config) -> anyhow::Result<()> {
        let mode = ModeKind::from(self.mode);
        let Some(account) = &config.accounts(mode).wechat else {
            bail!(
                "--mode {mode}: 没有配置公众号，请在配置文件中写 [{mode}.wechat]\n    no WeChat account is configured; write [{mode}.wechat]",
                mode = mode.word()
            );
        };
        let gazetteer = Region::read(config).told()?.gazetteer;
        let heard = hear(store, mode, &account.name, &gazetteer).await?;
        let (rows, out) = (heard.placed(&gazetteer), heard.out());
        let coarse = rows.iter().filter(|row| row.is_coarse).count();
        let accounts = config.accounts(mode);
        let has_chats = accounts.wecom.is_some() || accounts.robot.is_some();
        let (columns, gaps) = if has_chats { (CHATS, ",,") } else { ("", "") };
        let row = |Placed { village, openid, .. }: &Placed<'_>| format!("{village},,,{openid},,{gaps}\n");
        let lines: String =
            std::iter::once(format!("{HEAD}{columns}\n")).chain(rows.iter().map(row)).collect();
        write_new("--out", &self.out, lines.as_bytes(), PRIVATE)?;
        let nowhere = heard.0.len() - out - rows.len();
        let line = AuditLine {
            at: SystemClock::shared().now(),
            actor: AuditLine::SYSTEM.to_owned(),
            action: "resident.followers".to_owned(),
            subject: self.out.display().to_string(),
            detail: json!({ "followers": rows.len(), "mode": mode }),
        };
        store.audit(&[line]).await?;
        if self.json {
            let counts = json!({
                "followers": rows.len(), "in_first_village": coarse, "without_region": nowhere, "opted_out": out,
            });
            say(counts);
            return Ok(());
        }
        say(format_args!("写出 {} 人，没有说过地区的 {nowhere} 人、退订的 {out} 人不在内。", rows.len()));
        say(format_args!(
            "其中 {coarse} 人只说到乡镇、县区，放在该地的第一个村（社区）：发给该地的预警收得到。"
        ));
        let file = self.out.display();
        say(format_args!(
            "下一步：并入名册，再用 mingluo import 导入：(cat roster.csv; tail -n +2 {file}) > with-followers.csv"
        ));
        say(format_args!(
            "{} written; {nowhere} who never named a division and {out} who opted out are left out. {coarse} named no more than a \
             township or a county and stand in its first village: warnings to that place reach them. Next, put the rows into the roster \
             and import it: (cat roster.csv; tail -n +2 {file}) > with-followers.csv",
            rows.len()
        ));
        Ok(())
    }
}

async fn hear(
    store: &dyn Store,
    mode: ModeKind,
    account: &AccountName,
    gazetteer: &Gazetteer,
) -> anyhow::Result<Heard> {
    let (mut heard, mut before) = (Heard::default(), None);
    loop {
        let kept = store.replies(mode, before, STEP).await?;
        let Some(last) = kept.last() else { return Ok(heard) };
        before = Some(last.id);
        for one in kept.iter().filter(|one| one.account == *account) {
            heard.earlier(one, gazetteer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::{address::Address, clock::Timestamp, reply::Reply};
    use std::{fs::File, path::Path};

    fn gazetteer() -> Gazetteer {
        let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/regions/fushun/divisions.csv");
        Gazetteer::read(File::open(pack).unwrap()).unwrap()
    }

    fn kept(id: i64, from: &str, words: &str) -> StoredReply {
        let (from, at) = (Address::new(from), Timestamp(id));
        let reply = Reply { from, to: "gh_1".into(), words: words.into(), id: None, part: None, at };
        StoredReply { id, account: AccountName("oa".into()), reply }
    }

    #[test]
    fn the_last_word_counts_of_where_and_of_whether() {
        let said = [
            kept(1, "oMoved", "地区 新抚区"),
            kept(2, "oGone", "地区 东洲区"),
            kept(3, "oBack", "退订"),
            kept(4, "oBack", "地区 东洲区"),
            kept(5, "oMoved", "地区 东洲区"),
            kept(6, "oMoved", "地区 没有的地方"),
            kept(7, "oBack", "订阅"),
            kept(8, "oGone", "退订"),
            kept(9, "oNowhere", "订阅"),
            kept(10, "oVillage", "地区 210423100201"),
        ];
        let (mut heard, gazetteer) = (Heard::default(), gazetteer());
        said.iter().rev().for_each(|one| heard.earlier(one, &gazetteer));
        let placed = heard.placed(&gazetteer);
        let told: Vec<_> =
            placed.iter().map(|one| (one.openid, one.village.level(), one.is_coarse)).collect();
        let village = Level::Village;
        assert_eq!(told, [("oBack", village, true), ("oMoved", village, true), ("oVillage", village, false)]);
        let county: RegionCode = "210403".parse().unwrap();
        assert!(placed[..2].iter().all(|one| county.contains(one.village)), "a roster takes villages only");
        assert_eq!((heard.out(), heard.0.len()), (1, 5));
    }
}
