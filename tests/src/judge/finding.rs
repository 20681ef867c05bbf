//! What may be wrong, each in a plain sentence.

use serde::Serialize;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum Finding {
    /// States do not add up to the target.
    SumDiffers {
        /// Recipients.
        target: u64,
        /// Sum of the states.
        sum: u64,
    },
    /// The ledger's target is not the roster's.
    TargetDiffers {
        /// Recipients of the plan.
        ledger: u64,
        /// Addresses of the area in the roster.
        roster: u64,
    },
    /// Something was left undone.
    StillOpen {
        /// The state.
        state: String,
        /// How many.
        count: u64,
    },
    /// The ledger does not say that they were refused, and the simulator did not get them.
    Lost {
        /// How many.
        count: u64,
        /// Some of whom the simulator did not get all, masked.
        among: Vec<String>,
    },
    /// The simulator got them, the ledger does not know.
    Unknowing {
        /// How many.
        count: u64,
    },
    /// Parts came more often than allowed.
    Doubled {
        /// How many copies too many came.
        count: u64,
        /// How many may.
        allowed: u64,
        /// Some to whom, masked.
        among: Vec<String>,
    },
    /// Somebody outside the audience got it.
    Stray {
        /// How many.
        count: u64,
        /// Some of them, masked.
        among: Vec<String>,
    },
    /// Receipts on both sides differ in number.
    ReceiptsDiffer {
        /// Confirmed by the ledger.
        ledger: u64,
        /// Confirmed by the simulator.
        simulator: u64,
    },
    /// Failures that the simulator reported are missing from the ledger.
    FailuresMissing {
        /// Failed in the ledger.
        ledger: u64,
        /// Reported as failed by the simulator.
        simulator: u64,
    },
    /// The ledger says of more that they failed than the simulator refused or reported as failed: nobody tried.
    FailedUnasked {
        /// Failed in the ledger.
        ledger: u64,
        /// Refused, or reported as failed, by the simulator.
        simulator: u64,
    },
    /// The ledger spared people whom nobody asked it to spare.
    Spared {
        /// The state.
        state: String,
        /// How many.
        count: u64,
    },
    /// The ledger misses receipts that the simulator does not say it withheld.
    ReceiptVanished {
        /// How many.
        count: u64,
        /// Their names.
        ids: Vec<String>,
    },
    /// The simulator withheld receipts that the ledger does not miss.
    ReceiptUnmissed {
        /// How many.
        count: u64,
        /// Their names.
        ids: Vec<String>,
    },
    /// Unknown ones differ in number from those that the simulator left without an answer.
    UnansweredDiffer {
        /// Unknown in the ledger.
        ledger: u64,
        /// Taken without an answer by the simulator.
        simulator: u64,
    },
}

impl Finding {
    /// The Chinese sentence.
    pub fn zh(&self) -> String {
        match self {
            Self::SumDiffers { target, sum } => format!("各状态之和 {sum} 不等于目标 {target}"),
            Self::TargetDiffers { ledger, roster } => {
                format!("台账目标 {ledger} 不等于名册中该区域的 {roster}")
            }
            Self::StillOpen { state, count } => format!("仍有 {count} 条停在未完结状态 {state}"),
            Self::Lost { count, among } => {
                format!(
                    "丢失 {count} 条：台账没有记为被拒或已撤，模拟端却没有收全（其中：{}）",
                    among.join("、")
                )
            }
            Self::Unknowing { count } => format!("有 {count} 条模拟端已收全，台账却不知道"),
            Self::Doubled { count, allowed, among } => {
                format!("重复 {count} 条，超过允许的 {allowed} 条（其中：{}）", among.join("、"))
            }
            Self::Stray { count, among } => {
                format!("误发 {count} 个不在受众中的对象（其中：{}）", among.join("、"))
            }
            Self::ReceiptsDiffer { ledger, simulator } => {
                format!("台账已确认 {ledger} 条，模拟端给出送达回执 {simulator} 条，两者不符")
            }
            Self::FailuresMissing { ledger, simulator } => {
                format!("模拟端回执失败 {simulator} 条，台账失败仅 {ledger} 条")
            }
            Self::FailedUnasked { ledger, simulator } => {
                format!("台账失败 {ledger} 条，模拟端拒收或回执失败只有 {simulator} 条：其余并没有发过")
            }
            Self::Spared { state, count } => {
                format!("有 {count} 条以 {state} 了结，而排练没有要求撤回，也没有等到失效")
            }
            Self::ReceiptVanished { count, ids } => {
                format!(
                    "有 {count} 条回执不见了：台账没有收到，模拟端也没有说扣下（编号：{}）",
                    ids.join("、")
                )
            }
            Self::ReceiptUnmissed { count, ids } => {
                format!("模拟端扣下 {count} 条回执，台账没有列为无回执（编号：{}）", ids.join("、"))
            }
            Self::UnansweredDiffer { ledger, simulator } => {
                format!("台账未知且无编号 {ledger} 条，模拟端收下不应答 {simulator} 条，两者不符")
            }
        }
    }

    /// The English sentence.
    pub fn en(&self) -> String {
        match self {
            Self::SumDiffers { target, sum } => format!("the states add up to {sum}, the target is {target}"),
            Self::TargetDiffers { ledger, roster } => {
                format!("the plan has {ledger} recipients, the roster has {roster} in the area")
            }
            Self::StillOpen { state, count } => format!("{count} were left in the open state {state}"),
            Self::Lost { count, among } => {
                format!(
                    "{count} lost: not refused according to the ledger, and not all there (among {})",
                    among.join(", ")
                )
            }
            Self::Unknowing { count } => {
                format!("{count} came to the simulator whole, and the ledger does not know")
            }
            Self::Doubled { count, allowed, among } => {
                format!("{count} came twice, {allowed} may (among {})", among.join(", "))
            }
            Self::Stray { count, among } => {
                format!("{count} outside the audience got something (among {})", among.join(", "))
            }
            Self::ReceiptsDiffer { ledger, simulator } => {
                format!(
                    "the ledger has {ledger} confirmed, the simulator gave {simulator} receipts of arrival"
                )
            }
            Self::FailuresMissing { ledger, simulator } => {
                format!("the simulator reported {simulator} failures, the ledger has only {ledger}")
            }
            Self::FailedUnasked { ledger, simulator } => format!(
                "the ledger has {ledger} failed, the simulator refused or failed only {simulator}: the rest was never tried"
            ),
            Self::Spared { state, count } => {
                format!("{count} ended {state}, which no rehearsal asks for")
            }
            Self::ReceiptVanished { count, ids } => format!(
                "{count} receipts vanished: the ledger has none, the simulator does not say that it withheld them (ids {})",
                ids.join(", ")
            ),
            Self::ReceiptUnmissed { count, ids } => format!(
                "the simulator withheld {count} receipts that the ledger does not miss (ids {})",
                ids.join(", ")
            ),
            Self::UnansweredDiffer { ledger, simulator } => format!(
                "{ledger} unknown without a name in the ledger, {simulator} taken without an answer by the simulator"
            ),
        }
    }
}
