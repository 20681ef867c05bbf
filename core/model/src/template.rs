//! Message templates (模板): fixed words with named gaps, filled from an alert. What a gap may hold is known
//! here; who may edit a template is not.

use std::collections::BTreeMap;

/// Words with gaps written `{name}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
}

/// Why a template could not be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A gap has no value.
    #[error("template: gap {{{gap}}} has no value; known are {known}")]
    NoValue {
        /// The gap's name.
        gap: String,
        /// The names that have values.
        known: String,
    },
    /// A brace is not closed.
    #[error("template: a brace opened at byte {at} is not closed")]
    Unclosed {
        /// Byte offset of the brace.
        at: usize,
    },
}

impl Template {
    /// A template of this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// Fills the gaps.
    ///
    /// # Errors
    /// [`TemplateError::NoValue`] for a gap without a value, [`TemplateError::Unclosed`] for a lone brace.
    pub fn fill(&self, values: &BTreeMap<&str, String>) -> Result<String, TemplateError> {
        let mut filled = String::with_capacity(self.text.len() * 2);
        let mut rest = self.text.as_str();
        while let Some(open) = rest.find('{') {
            let at = self.text.len() - rest.len() + open;
            let close = rest[open..].find('}').ok_or(TemplateError::Unclosed { at })? + open;
            let gap = &rest[open + 1..close];
            let value = values.get(gap).ok_or_else(|| TemplateError::NoValue {
                gap: gap.to_owned(),
                known: values.keys().copied().collect::<Vec<_>>().join(", "),
            })?;
            filled.push_str(&rest[..open]);
            filled.push_str(value);
            rest = &rest[close + 1..];
        }
        filled.push_str(rest);
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_filled_and_missing_values_named() {
        let values = BTreeMap::from([("grade", "红色".to_owned()), ("event", "暴雨".to_owned())]);
        assert_eq!(Template::new("{event}{grade}预警").fill(&values).unwrap(), "暴雨红色预警");
        let error = Template::new("{area}").fill(&values).unwrap_err();
        assert!(error.to_string().contains("area") && error.to_string().contains("event, grade"));
        assert_eq!(Template::new("a{b").fill(&values), Err(TemplateError::Unclosed { at: 1 }));
    }
}
