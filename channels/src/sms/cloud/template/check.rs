//! From what an operator wrote to templates that hold. Each error names the template, what is wrong with it and the fix.

use std::collections::BTreeMap;

use mingluo_model::{
    grade::Grade,
    message::{DRILL_DENIALS, MARKED_WORDS, WORDS},
    mode::ModeKind,
    template::Template as Gaps,
};

use super::{LONGEST_MESSAGE, Piece, Syntax, Template, TemplateConfig, Templates, Variable, VariableConfig};
use crate::account::ConfigError;

/// What a warning does to an earlier one, by the code that templates are chosen by.
const STEPS: [&str; 4] = ["alert", "update", "lift", "correction"];

/// What a drill's words must say of themselves.
const DRILL: &str = "演练";

impl Templates {
    /// Checks all templates of an account.
    pub(in crate::sms::cloud) fn check(
        sign_name: &str,
        configs: &[TemplateConfig],
        syntax: Syntax,
        mode: ModeKind,
    ) -> Result<Self, ConfigError> {
        let list = configs
            .iter()
            .map(|config| template(config, syntax, mode, sign_name))
            .collect::<Result<Vec<_>, _>>()?;
        let sign_name = sign_name.to_owned();
        let templates = Self { sign_name, mode, list, doubts: std::sync::Mutex::default() };
        templates.leave_nobody_out()?;
        Ok(templates)
    }

    /// Every grade and step must find a template, whatever the event.
    fn leave_nobody_out(&self) -> Result<(), ConfigError> {
        for grade in Grade::ALL.map(Grade::word) {
            for step in STEPS {
                if !self
                    .list
                    .iter()
                    .any(|template| template.events.is_empty() && template.is_for(grade, step))
                {
                    let fix = "add a template without events for it; one without events, grades and steps takes all";
                    let names = [("of_grade", grade.to_owned()), ("of_step", step.to_owned())];
                    let nobody = ConfigError::new("templates", format!("{grade}, {step}: none"), fix);
                    return Err(nobody.with_fault("nobody", names));
                }
            }
        }
        Ok(())
    }
}

impl Template {
    pub(super) fn is_for(&self, grade: &str, step: &str) -> bool {
        let takes = |list: &[String], word: &str| list.is_empty() || list.iter().any(|one| one == word);
        takes(&self.grades, grade) && takes(&self.steps, step)
    }
}

fn wrong(code: &str, problem: impl std::fmt::Display) -> ConfigError {
    ConfigError::new("templates", code, problem.to_string())
}

fn template(
    config: &TemplateConfig,
    syntax: Syntax,
    mode: ModeKind,
    sign_name: &str,
) -> Result<Template, ConfigError> {
    let code = config.code.as_str();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if code.is_empty() || !code.chars().all(plain) {
        return Err(wrong(code, "give each template the code that the provider's console shows")
            .with_fault("code", []));
    }
    known(code, "grades", &config.grades, &Grade::ALL.map(Grade::word))?;
    known(code, "steps", &config.steps, &STEPS)?;
    let (pieces, names) = pieces(code, &config.text, syntax)?;
    let variables = variables(code, &names, &config.variables)?;
    let (events, grades, steps) = (config.events.clone(), config.grades.clone(), config.steps.clone());
    let template = Template { code: code.to_owned(), pieces, variables, events, grades, steps };
    fits(&template, sign_name)?;
    if mode == ModeKind::Drill && !says_drill(&template, &config.variables) {
        let marked = MARKED_WORDS.map(|word| format!("{{{word}}}")).join(", ");
        let fix = format!(
            "a drill must say so and never deny it: use a template with {DRILL} in it, or {marked} in a variable whose \
             otherwise says {DRILL} as well"
        );
        return Err(wrong(code, fix).with_fault("drill", [("marked", marked)]));
    }
    Ok(template)
}

fn known(code: &str, key: &str, listed: &[String], known: &[&str]) -> Result<(), ConfigError> {
    match listed.iter().find(|word| !known.contains(&word.as_str())) {
        Some(stray) => {
            let known = known.join(", ");
            let names = [("list", key.to_owned()), ("stray", stray.clone()), ("known", known.clone())];
            Err(wrong(code, format!("{key} has {stray:?}; use {known}")).with_fault("word", names))
        }
        None => Ok(()),
    }
}

/// Takes the text apart; gives the variables' names in their order.
fn pieces(code: &str, text: &str, syntax: Syntax) -> Result<(Vec<Piece>, Vec<String>), ConfigError> {
    let (mut pieces, mut names, mut rest) = (Vec::new(), Vec::<String>::new(), text);
    while let Some(at) = rest.find(syntax.opening()) {
        let inside = &rest[at + syntax.opening().len()..];
        let end = inside.find('}').ok_or_else(|| {
            wrong(code, "text has a variable without its closing }").with_fault("unclosed", [])
        })?;
        let name = &inside[..end];
        check_name(code, name, &names, syntax)?;
        pieces.push(Piece::Fixed(rest[..at].to_owned()));
        pieces.push(Piece::Gap(names.len()));
        names.push(name.to_owned());
        rest = &inside[end + 1..];
    }
    pieces.push(Piece::Fixed(rest.to_owned()));
    pieces.retain(|piece| *piece != Piece::Fixed(String::new()));
    let words = pieces.iter().filter_map(|piece| match piece {
        Piece::Fixed(words) => Some(words.as_str()),
        Piece::Gap(_) => None,
    });
    let words: String = words.collect();
    if words.trim().is_empty() {
        let fix = "text has no words of its own; providers approve none that is all variables";
        return Err(wrong(code, fix).with_fault("no-words", []));
    }
    if words.contains(['【', '】']) {
        let fix = "text holds 【 or 】; the provider puts the signature in itself";
        return Err(wrong(code, fix).with_fault("brackets", []));
    }
    Ok((pieces, names))
}

fn check_name(code: &str, name: &str, before: &[String], syntax: Syntax) -> Result<(), ConfigError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let named = [("name", name.to_owned())];
    match syntax {
        Syntax::Numbered if name != (before.len() + 1).to_string() => {
            let next = before.len() + 1;
            let fix = format!("text has {{{name}}} where {{{next}}} should be; number them from 1 on");
            let both = [("name", name.to_owned()), ("next", next.to_string())];
            Err(wrong(code, fix).with_fault("number", both))
        }
        // 变量规范: a letter first, then letters, digits and underscores, each variable once.
        Syntax::Named if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(plain) => {
            let fix = format!("text has ${{{name}}}; a variable's name is letters, digits and _");
            Err(wrong(code, fix).with_fault("name", named))
        }
        Syntax::Named if before.iter().any(|one| one == name) => {
            let fix = format!("text has ${{{name}}} twice; providers take each once");
            Err(wrong(code, fix).with_fault("twice", named))
        }
        _ => Ok(()),
    }
}

fn variables(
    code: &str,
    names: &[String],
    configs: &BTreeMap<String, VariableConfig>,
) -> Result<Vec<Variable>, ConfigError> {
    if let Some(stray) = configs.keys().find(|name| !names.contains(name)) {
        let fix = format!("variables has {stray}, which is not in text; take it out");
        return Err(wrong(code, fix).with_fault("stray", [("name", stray.clone())]));
    }
    let find = |name: &String| {
        let unfilled = || {
            let fix = format!("text has the variable {name}, which is not in variables; say what fills it");
            wrong(code, fix).with_fault("unfilled", [("name", name.clone())])
        };
        variable(code, name, configs.get(name).ok_or_else(unfilled)?)
    };
    names.iter().map(find).collect()
}

fn variable(code: &str, name: &str, config: &VariableConfig) -> Result<Variable, ConfigError> {
    let longest = config.longest as usize;
    let wrong = |fault, problem: String| {
        let names = [("name", name.to_owned()), ("longest", longest.to_string())];
        wrong(code, format!("variable {name}: {problem}")).with_fault(fault, names)
    };
    if !(1..=LONGEST_MESSAGE).contains(&longest) {
        let fix = format!("longest = {longest}; use 1 to {LONGEST_MESSAGE}, as the console shows");
        return Err(wrong("longest", fix));
    }
    let words = Gaps::new(&config.words);
    let empty = WORDS.iter().map(|word| (*word, String::new())).collect();
    let fixed = words.fill(&empty).map_err(|cause| wrong("gap", format!("words: {cause}")))?;
    if fixed.chars().count() > longest {
        let fix = format!("its own words alone are longer than longest = {longest}; shorten them");
        return Err(wrong("too-long", fix));
    }
    if config.words.trim().is_empty() {
        return Err(wrong("empty", "words is empty; name the words that fill it".into()));
    }
    if let Some(otherwise) = &config.otherwise
        && !(1..=longest).contains(&otherwise.chars().count())
    {
        let fix = format!("otherwise = {otherwise:?} must have 1 to {longest} characters");
        return Err(wrong("otherwise", fix));
    }
    Ok(Variable { name: name.to_owned(), words, longest, otherwise: config.otherwise.clone() })
}

/// The longest message that the template can become must pass.
fn fits(template: &Template, sign_name: &str) -> Result<(), ConfigError> {
    let longest = |piece: &Piece| match piece {
        Piece::Fixed(words) => words.chars().count(),
        Piece::Gap(at) => template.variables[*at].longest,
    };
    let signed = sign_name.chars().count() + "【】".chars().count();
    let total = signed + template.pieces.iter().map(longest).sum::<usize>();
    if total > LONGEST_MESSAGE {
        let problem =
            format!("with its variables full it has {total} characters; providers take {LONGEST_MESSAGE}");
        let names = [("total", total.to_string()), ("most", LONGEST_MESSAGE.to_string())];
        return Err(wrong(&template.code, problem).with_fault("total", names));
    }
    Ok(())
}

/// Whether words call themselves a drill and do not take it back.
pub(super) fn calls_itself_a_drill(words: &str) -> bool {
    words.contains(DRILL) && !denies(words)
}

fn denies(words: &str) -> bool {
    let words = words.to_lowercase();
    DRILL_DENIALS.iter().any(|denial| words.contains(denial))
}

/// Whether a template says that it is a drill whatever fills it: by its own words, or by a variable that always does.
fn says_drill(template: &Template, variables: &BTreeMap<String, VariableConfig>) -> bool {
    let fixed = template.pieces.iter().filter_map(|piece| match piece {
        Piece::Fixed(words) => Some(words.as_str()),
        Piece::Gap(_) => None,
    });
    let fixed: Vec<&str> = fixed.collect();
    let marked = |words: &str| MARKED_WORDS.iter().any(|word| words.contains(&format!("{{{word}}}")));
    let always = |one: &VariableConfig| {
        (calls_itself_a_drill(&one.words) || marked(&one.words))
            && one.otherwise.as_deref().is_none_or(calls_itself_a_drill)
    };
    let own = variables.values().flat_map(|one| [Some(one.words.as_str()), one.otherwise.as_deref()]);
    let denied = fixed.iter().copied().chain(own.flatten()).any(denies);
    !denied && (fixed.iter().any(|words| words.contains(DRILL)) || variables.values().any(always))
}
