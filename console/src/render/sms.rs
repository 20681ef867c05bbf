//! What phones show of a short message: the text with its signature (签名) 【…】, cut into parts. The cutting is the
//! channel's own [`segment`], so that what is previewed is what leaves; a test holds the two together.

use mingluo_channels::sms::{
    cloud::TemplateForm,
    segment::{Alphabet, SegmentError, Signature, flash, segment},
    session::SignatureConfig,
};
use mingluo_model::{channel::Unfit, grade::Grade, message::Words, misfit::Misfit};
use std::num::NonZeroU8;

/// How one account signs and cuts.
#[derive(Debug, Clone)]
pub struct SmsForm {
    signature: Signature,
    alphabet: Alphabet,
    /// The grades whose messages a flash announces.
    flash: Vec<Grade>,
    /// What the gateway puts in front of the first part by itself.
    added: String,
    /// The approved templates that words become, where the provider takes no free text.
    templates: Option<TemplateForm>,
}

/// A short message as phones show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsParts {
    /// The parts in order; never empty.
    pub texts: Vec<String>,
    /// What shows at once beside them and is not kept (闪信).
    pub flash: Option<String>,
    /// Units of the whole, signature included: what a gateway counts as characters.
    pub units: usize,
}

impl SmsForm {
    /// The form of an account that signs so, sends everything as UCS-2 and nothing beside it.
    pub fn of(signature: &SignatureConfig) -> Self {
        match signature {
            SignatureConfig::None => Self::signed(Signature::None, String::new()),
            SignatureConfig::InFront { text } => {
                Self::signed(Signature::InFront(text.clone()), String::new())
            }
            SignatureConfig::GatewayAdds { text } => {
                let added = format!("【{text}】");
                let units = u16::try_from(added.encode_utf16().count()).unwrap_or(u16::MAX);
                Self::signed(Signature::GatewayAdds { units }, added)
            }
        }
    }

    /// The same form for an account that has another alphabet where that will do, and announces messages of some grades by
    /// a flash.
    #[must_use]
    pub fn with(self, alphabet: Alphabet, flash: &[Grade]) -> Self {
        Self { alphabet, flash: flash.to_vec(), ..self }
    }

    /// The form of an account whose provider takes the variables of approved templates only.
    pub fn of_templates(templates: TemplateForm) -> Self {
        Self { templates: Some(templates), ..Self::signed(Signature::None, String::new()) }
    }

    /// Whether its words are those of approved templates, whatever the officer wrote.
    pub const fn is_of_templates(&self) -> bool {
        self.templates.is_some()
    }

    fn signed(signature: Signature, added: String) -> Self {
        Self { signature, alphabet: Alphabet::Ucs2, flash: Vec::new(), added, templates: None }
    }

    /// What phones show of an alert: its free text, or the template that its words fill.
    ///
    /// # Errors
    /// [`Unfit`] for a text that cannot be cut at all, or words that do not fit their template.
    pub fn show(&self, text: &str, words: &Words, grade: Grade) -> Result<SmsParts, Unfit> {
        let Some(templates) = &self.templates else { return self.cut(text, grade) };
        let segments = templates.shown(words)?;
        let texts = segments.parts.into_iter().map(|part| part.text).collect();
        Ok(SmsParts { texts, flash: None, units: segments.units })
    }

    /// Signs and cuts a text, also one of more parts than the account allows: an officer must see what to shorten.
    ///
    /// # Errors
    /// [`Unfit`] for a text that cannot be cut at all.
    pub fn cut(&self, text: &str, grade: Grade) -> Result<SmsParts, Unfit> {
        let segments =
            segment(text, &self.signature, self.alphabet, 0, NonZeroU8::MAX).map_err(|e| unfit(&e))?;
        let mut texts: Vec<String> = segments.parts.into_iter().map(|part| part.text).collect();
        if let Some(first) = texts.first_mut() {
            first.insert_str(0, &self.added);
        }
        let flash = self.flash.contains(&grade).then(|| flash(text, &self.signature)).transpose();
        let flash = flash.map_err(|error| unfit(&error))?.map(|part| format!("{}{}", self.added, part.text));
        Ok(SmsParts { texts, flash, units: segments.units })
    }
}

fn unfit(error: &SegmentError) -> Unfit {
    let field = "text".to_owned();
    match error {
        SegmentError::TooLong { parts, max_parts, .. } => {
            Unfit::TooLong { field, length: *parts, longest: usize::from(*max_parts), unit: "parts" }
        }
        SegmentError::Empty => Unfit::Wrong { field, problem: Misfit::Empty },
        other => Unfit::Wrong { field, problem: other.to_string().into() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_channels::sms::smpp_channel::SmppConfig;
    use mingluo_model::{
        alert::Language,
        channel::Channel,
        clock::system::SystemClock,
        id::AlertId,
        message::{Body, Message},
        mode::Live,
    };

    fn account(folder: &std::path::Path, signature: &str) -> SmppConfig {
        let password = folder.join("password");
        std::fs::write(&password, "secret\n").unwrap();
        let text = format!(
            "name = \"sms\"\npretend = true\nhost = \"127.0.0.1\"\nport = 1\nsystem_id = \"town\"\n\
             password_file = {:?}\nsource_address = \"1069\"\nsessions = 1\nwindow = 100\nper_second = 100\n\
             max_parts = 15\nsignature = {signature}\n",
            password.display().to_string()
        );
        toml::from_str(&text).unwrap()
    }

    const PLACEMENTS: [(&str, &str); 3] = [
        ("{ placement = \"in_front\", text = \"抚顺预警\" }", "【抚顺预警】"),
        ("{ placement = \"gateway_adds\", text = \"抚顺预警\" }", "【抚顺预警】"),
        ("{ placement = \"none\" }", ""),
    ];

    #[test]
    fn as_many_parts_are_shown_as_the_channel_measures() {
        let folder = tempfile::tempdir().unwrap();
        for (signature, _) in PLACEMENTS {
            let config = account(folder.path(), signature);
            let form = SmsForm::of(&config.signature);
            let channel = config.build::<Live>(SystemClock::shared()).unwrap();
            for length in (1..=210).chain([500, 930]) {
                let text = "雨".repeat(length);
                let body = Body::Sms { text: text.clone() };
                let message = Message::new(AlertId(uuid::Uuid::nil()), Grade::Red, Language::chinese(), body);
                let measured = channel.measure(&message).unwrap();
                let shown = form.cut(&text, Grade::Red).unwrap().texts.len();
                assert_eq!(shown, usize::from(measured.get()), "{signature} {length}");
            }
        }
    }

    #[test]
    fn a_flash_is_shown_beside_the_parts_where_the_account_sends_one() {
        let folder = tempfile::tempdir().unwrap();
        let (signature, shown) = PLACEMENTS[1];
        let form = SmsForm::of(&account(folder.path(), signature).signature);
        let form = form.with(Alphabet::Ucs2, &[Grade::Red]);
        let text = "雨".repeat(100);
        let cut = form.cut(&text, Grade::Red).unwrap();
        assert_eq!((cut.texts.len(), cut.units), (2, 106));
        assert_eq!(cut.flash, Some(format!("{shown}{}…", "雨".repeat(63))));
        assert_eq!(form.cut(&text, Grade::Orange).unwrap().flash, None);
    }

    #[test]
    fn the_signature_stands_in_front_once_and_counts() {
        let folder = tempfile::tempdir().unwrap();
        for (signature, shown) in PLACEMENTS {
            let form = SmsForm::of(&account(folder.path(), signature).signature);
            let text = "雨".repeat(100);
            let cut = form.cut(&text, Grade::Red).unwrap();
            assert_eq!(cut.texts.concat(), format!("{shown}{text}"), "{signature}");
            assert_eq!((cut.texts.len(), cut.units), (2, 100 + shown.chars().count()));
        }
    }
}
