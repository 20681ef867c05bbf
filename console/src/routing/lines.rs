//! The lines as people read them (分流一览), and who has nobody to take over.

use mingluo_dispatch::routes::Routes;
use mingluo_model::{carrier::Carrier, plan::AccountName, problem::Problem};

/// Whose numbers go by one line; `None` stands for numbers of no known carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whose(Vec<Option<Carrier>>);

impl Whose {
    /// In Chinese.
    pub(crate) fn zh(&self) -> String {
        self.join("所有号码", "、", |carrier| carrier.map_or("其他号码", Carrier::zh))
    }

    /// In English.
    pub(crate) fn en(&self) -> String {
        self.join("all numbers", ", ", |carrier| carrier.map_or("others", Carrier::word))
    }

    fn join(&self, all: &str, between: &str, word: fn(Option<Carrier>) -> &'static str) -> String {
        if self.0.len() > Carrier::ALL.len() {
            return all.to_owned();
        }
        self.0.iter().map(|carrier| word(*carrier)).collect::<Vec<_>>().join(between)
    }
}

/// Every line once, with whose numbers go by it.
pub(crate) fn by_line(routes: &Routes) -> Vec<(&[AccountName], Whose)> {
    let mut lines: Vec<(&[AccountName], Whose)> = Vec::new();
    for carrier in Carrier::ALL.into_iter().map(Some).chain([None]) {
        let line = routes.line(carrier);
        match lines.iter_mut().find(|(known, _)| *known == line) {
            Some((_, whose)) => whose.0.push(carrier),
            None if line.is_empty() => {}
            None => lines.push((line, Whose(vec![carrier]))),
        }
    }
    lines
}

/// An account that sends alone (无接替账号): while its gateway cannot be reached, nobody of these numbers is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{account} is alone for {}", whose.en())]
pub(crate) struct Alone {
    account: AccountName,
    whose: Whose,
}

impl Alone {
    /// All of them.
    pub(crate) fn of(routes: &Routes) -> Vec<Self> {
        let alone = |(line, whose): (&[AccountName], Whose)| match line {
            [account] => Some(Self { account: account.clone(), whose }),
            _ => None,
        };
        by_line(routes).into_iter().filter_map(alone).collect()
    }
}

impl Problem for Alone {
    fn code(&self) -> &'static str {
        "routing-alone"
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        vec![("account", self.account.to_string()), ("zh", self.whose.zh()), ("en", self.whose.en())]
    }
}
