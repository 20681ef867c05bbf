//! Roles (职责) as the command line names and explains them.

use clap::ValueEnum;
use mingluo_model::owner::Role;

/// One word of `--roles`. The comments are what `--help` shows.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RoleWord {
    /// 拟稿：起草、修改、提交。 Drafts, edits and submits.
    Author,
    /// 审核：审核或退回他人的稿。 Approves or returns what others wrote.
    Approver,
    /// 签发：签发、撤回、解除、更正。 Releases, recalls, lifts and corrects.
    Releaser,
    /// 监督：查看回执与审计记录，不改动任何内容。 Sees receipts and the audit log, changes nothing.
    Auditor,
    /// 管理：管理值班员、名册和账号，不能签发。 Manages officers, rosters and accounts, releases nothing.
    Operator,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::Author => Self::Author,
            RoleWord::Approver => Self::Approver,
            RoleWord::Releaser => Self::Releaser,
            RoleWord::Auditor => Self::Auditor,
            RoleWord::Operator => Self::Operator,
        }
    }
}

/// A role in both languages.
pub(super) const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Author => "拟稿 author",
        Role::Approver => "审核 approver",
        Role::Releaser => "签发 releaser",
        Role::Auditor => "监督 auditor",
        Role::Operator => "管理 operator",
    }
}
