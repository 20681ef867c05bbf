//! One approved template, as an operator writes it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A template of the account, word for word as the provider approved it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateConfig {
    /// Its code at the provider, like `SMS_100000001` or `1234567`.
    pub code: String,
    /// Its words, with its variables in the provider's own form (`${name}` or `{1}`), without 【signature】.
    pub text: String,
    /// What fills each variable, by its name or number.
    #[serde(default)]
    pub variables: BTreeMap<String, VariableConfig>,
    /// The event codes that it is for; all when there are none.
    #[serde(default)]
    pub events: Vec<String>,
    /// The grades that it is for (`red`, `orange`, `yellow`, `blue`); all when there are none.
    #[serde(default)]
    pub grades: Vec<String>,
    /// The steps that it is for (`alert`, `update`, `lift`, `correction`); all when there are none.
    #[serde(default)]
    pub steps: Vec<String>,
}

/// One variable of a template (变量).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariableConfig {
    /// What fills it: words with gaps like `{event}` or `{area}` (see `mingluo_model::message::WORDS`).
    pub words: String,
    /// The most characters that the provider takes in it, as its console shows.
    pub longest: u32,
    /// What stands there when the words are longer than that; without it the officer is told to shorten them.
    pub otherwise: Option<String>,
}
