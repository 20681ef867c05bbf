//! What was measured, and the bars of the full size: a small run on a busy machine says little about speed.

use super::{options::Engine, voice::grouped};
use serde::Serialize;

/// A run as a share of the licence: 1 %, and one part at least (`BURST_SHARE` of the dispatcher's governor is two runs).
/// Written here once more, for the judge takes no number from the judged.
const RUN_SHARE: u32 = 100;

/// What was measured of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Measured {
    /// From the release's request to its being durable, as the city tells it.
    pub(super) plan_ms: f64,
    /// From the end of the hold to the first durable intent, as the city tells it.
    pub(super) first_intent_ms: Option<i64>,
    /// From the end of the hold to the first frame, as the simulator tells it.
    pub(super) first_byte_ms: Option<f64>,
    /// SMS parts a second at the simulator, from the first to the last.
    pub(super) per_second: Option<f64>,
    /// The most SMS parts within one second.
    pub(super) busiest_second: u64,
    /// SMS parts a second that the licence allows.
    pub(super) licence: u32,
    /// The most memory that mingluo ever held, in bytes.
    pub(super) peak_memory: u64,
}

/// One bar.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Bar {
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
    pub(super) measured: String,
    pub(super) wanted: String,
    pub(super) cleared: bool,
}

impl Measured {
    /// The share of the licence that was used, in percent.
    pub(super) fn licence_share(&self) -> Option<f64> {
        self.per_second.map(|rate| rate * 100.0 / f64::from(self.licence.max(1)))
    }

    /// Parts of one run.
    fn run(&self) -> u64 {
        u64::from((self.licence / RUN_SHARE).max(1))
    }

    /// The bar of the licence; none where no short message came.
    ///
    /// No sliding second may hold more than the licence and one run. The dispatcher grants no more than the licence in any
    /// second of its own, and leaves 8 ms for what the way there wavers; but a run is granted and leaves at once, and on a
    /// machine that is city, gateway and judge at the same time the way may waver by more. Then the run that belongs to the
    /// next second arrives at the end of this one: one run, 10 ms of the licence. A second one would be the governor's fault.
    pub(super) fn licence_bar(&self) -> Option<Bar> {
        let most = u64::from(self.licence) + self.run();
        let busiest = self.busiest_second;
        let wanted = format!("≤ {}", grouped(most));
        let measured = grouped(busiest);
        (busiest > 0).then(|| bar("最忙一秒", "busiest sliding second", measured, &wanted, busiest <= most))
    }

    /// The bars of the full size. Planning has one on SQLite only.
    pub(super) fn bars(&self, engine: Engine) -> Vec<Bar> {
        let first_byte = self.first_byte_ms;
        let share = self.licence_share();
        let megabytes = self.peak_memory as f64 / 1e6;
        let mut bars = vec![
            bar(
                "首字节",
                "first byte after the hold",
                told(first_byte, "ms"),
                "≤ 25 ms",
                within(first_byte, 25.0),
            ),
            bar(
                "许可利用",
                "share of the licence",
                told(share, "%"),
                "≥ 98.5 %",
                share.is_some_and(|it| it >= 98.5),
            ),
            bar(
                "内存",
                "peak memory of mingluo",
                format!("{megabytes:.0} MB"),
                "≤ 400 MB",
                megabytes <= 400.0,
            ),
        ];
        if engine == Engine::Sqlite {
            let plan = Some(self.plan_ms);
            bars.insert(0, bar("计划", "plan time", told(plan, "ms"), "≤ 100 ms", within(plan, 100.0)));
        }
        bars
    }

    /// The lines that are told of every run.
    pub(super) fn lines(&self) -> Vec<String> {
        let rate = self.per_second.map_or_else(|| "—".to_owned(), |rate| grouped(rate.round() as u64));
        vec![
            format!("计划用时 plan time: {:.1} ms", self.plan_ms),
            format!("保持期满到首字节 first byte after the hold: {}", told(self.first_byte_ms, "ms")),
            format!(
                "短信每秒 SMS parts a second: {rate}，最忙一秒 busiest second {}，许可 licence {}（容许一批的抖动 and the jitter \
                 of one run {}），利用 share {}",
                grouped(self.busiest_second),
                grouped(self.licence.into()),
                grouped(self.run()),
                told(self.licence_share(), "%")
            ),
            format!("mingluo 内存峰值 peak memory: {:.0} MB", self.peak_memory as f64 / 1e6),
        ]
    }
}

fn bar(zh: &'static str, en: &'static str, measured: String, wanted: &str, cleared: bool) -> Bar {
    Bar { zh, en, measured, wanted: wanted.to_owned(), cleared }
}

fn told(value: Option<f64>, unit: &str) -> String {
    value.map_or_else(|| "—".to_owned(), |value| format!("{value:.1} {unit}"))
}

fn within(value: Option<f64>, most: f64) -> bool {
    value.is_some_and(|value| value <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Measured {
        Measured {
            plan_ms: 40.0,
            first_byte_ms: Some(8.0),
            per_second: Some(19_900.0),
            licence: 20_000,
            peak_memory: 300_000_000,
            ..Measured::default()
        }
    }

    fn missed(measured: &Measured, engine: Engine) -> Vec<&'static str> {
        measured.bars(engine).into_iter().filter(|bar| !bar.cleared).map(|bar| bar.en).collect()
    }

    #[test]
    fn no_second_holds_more_than_the_licence_and_one_run() {
        let bar = |licence, busiest_second| {
            Measured { busiest_second, licence, ..good() }.licence_bar().map(|bar| bar.cleared)
        };
        assert_eq!(bar(20_000, 20_200), Some(true));
        assert_eq!(bar(20_000, 20_201), Some(false));
        assert_eq!((bar(5, 6), bar(5, 7)), (Some(true), Some(false)), "one part at least");
        assert_eq!(bar(5, 0), None);
    }

    #[test]
    fn each_bar_can_be_missed() {
        assert!(missed(&good(), Engine::Sqlite).is_empty());
        let slow = Measured { plan_ms: 101.0, first_byte_ms: None, ..good() };
        assert_eq!(missed(&slow, Engine::Sqlite), ["plan time", "first byte after the hold"]);
        assert_eq!(missed(&slow, Engine::Postgres), ["first byte after the hold"]);
        let heavy = Measured { per_second: Some(19_600.0), peak_memory: 401_000_000, ..good() };
        assert_eq!(missed(&heavy, Engine::Sqlite), ["share of the licence", "peak memory of mingluo"]);
    }
}
