//! The people of an area, one after the other.

use super::{
    Pack, Village,
    chance::{Question, draw},
    duty::Post,
    spread::spread,
};
use mingluo_model::{audience::ChannelKind, region::RegionCode};

/// Residents are counted from here, so that a village's posts never run into them.
pub(super) const FIRST_RESIDENT: u64 = 256;

/// The letters of an open id.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// One pretend person, or one speaker box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The village.
    pub region: RegionCode,
    /// The group's name; empty for residents and boxes.
    pub group: String,
    /// Mobile number, eleven digits.
    pub sms: Option<u64>,
    /// Open id: `o` and 27 letters.
    pub wechat: Option<String>,
    /// Mailbox under `pretend.invalid`.
    pub email: Option<String>,
    /// A box's resource code, 23 digits.
    pub speaker: Option<String>,
}

/// More people than can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CrowdError {
    /// No village of the pack lies in the area.
    #[error("area: no village of the region pack lies in {area}; give codes of the pack's divisions")]
    NoVillage {
        /// The area.
        area: String,
    },
    /// The ranges have not so many numbers.
    #[error(
        "residents: {asked} in so small an area need more unassigned numbers than there are; give a larger area or at most {most}"
    )]
    TooMany {
        /// What was asked for.
        asked: u64,
        /// About how many there can be.
        most: u64,
    },
}

/// What one village is to have.
struct Quota {
    village: usize,
    phones: u64,
    boxes: u64,
}

impl Pack {
    /// The people of an area: `phones` mobile numbers in all, duty persons (责任人) among them but never fewer than
    /// these, spread by population; and `boxes` speakers, or one in each village.
    ///
    /// # Errors
    /// [`CrowdError`].
    pub fn people(
        &self,
        area: &[RegionCode],
        phones: u64,
        boxes: Option<u64>,
    ) -> Result<People<'_>, CrowdError> {
        let inside = self.inside(area)?;
        let duty: u64 = inside.iter().map(|at| self.duty_phones(*at)).sum();
        let weights: Vec<u64> = inside.iter().map(|at| u64::from(self.villages[*at].residents)).collect();
        let residents = spread(phones.saturating_sub(duty), &weights);
        self.check_room(phones, &inside, &residents)?;
        let boxes = match boxes {
            None => vec![1; inside.len()],
            Some(count) => spread(count, &vec![1; inside.len()]),
        };
        let quota = |((village, phones), boxes)| Quota { village, phones, boxes };
        let quotas: Vec<Quota> = inside.into_iter().zip(residents).zip(boxes).map(quota).collect();
        Ok(People { pack: self, quotas: quotas.into_iter(), now: None })
    }

    /// How many mobile numbers [`Self::people`] makes of so many: duty persons are always there.
    ///
    /// # Errors
    /// [`CrowdError::NoVillage`].
    pub fn phones(&self, area: &[RegionCode], phones: u64) -> Result<u64, CrowdError> {
        let inside = self.inside(area)?;
        Ok(phones.max(inside.iter().map(|at| self.duty_phones(*at)).sum()))
    }

    fn inside(&self, area: &[RegionCode]) -> Result<Vec<usize>, CrowdError> {
        let inside: Vec<usize> = (0..self.villages.len()).filter(|at| self.lies_in(*at, area)).collect();
        if inside.is_empty() {
            let area = area.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(CrowdError::NoVillage { area });
        }
        Ok(inside)
    }

    fn lies_in(&self, village: usize, area: &[RegionCode]) -> bool {
        area.iter().any(|region| region.contains(self.villages[village].code))
    }

    fn posts(&self, village: usize) -> &[Post] {
        self.posts.get(&village).map_or(&[], Vec::as_slice)
    }

    fn duty_phones(&self, village: usize) -> u64 {
        self.posts(village).iter().filter(|post| post.channels.contains(&ChannelKind::Sms)).count() as u64
    }

    /// Five hundredths more than the mean, and fifty, are enough for any village.
    fn check_room(&self, asked: u64, inside: &[usize], phones: &[u64]) -> Result<(), CrowdError> {
        let needed = |phones: u64| (phones as f64 / self.model.phones() * 1.05) as u64 + 50;
        let room = |village: usize| self.room * u64::from(self.villages[village].residents) - FIRST_RESIDENT;
        let full = |(village, phones): &(&usize, &u64)| needed(**phones) > room(**village);
        if inside.iter().zip(phones).any(|pair| full(&pair)) {
            let residents: u64 = inside.iter().map(|at| u64::from(self.villages[*at].residents)).sum();
            let most = (residents * self.room / 2) as f64 * self.model.phones();
            return Err(CrowdError::TooMany { asked, most: most as u64 });
        }
        Ok(())
    }

    /// The number of the person `n` of a village. A village has serials of its own, in proportion to its residents.
    fn number(&self, village: usize, n: u64) -> u64 {
        let Village { code, before, .. } = &self.villages[village];
        let serial = before * self.room + n;
        let network = self.model.network(self.seed, code.start(), n);
        self.numbers.of(network, self.seed, serial).expect("the room was checked before anybody was made")
    }

    fn duty_person(&self, village: usize, n: u64, post: &Post) -> Person {
        let code = self.villages[village].code;
        let has = |channel| post.channels.contains(&channel);
        Person {
            region: code,
            group: post.group.clone(),
            sms: has(ChannelKind::Sms).then(|| self.number(village, n)),
            wechat: has(ChannelKind::WeChat).then(|| self.open_id(village, n)),
            email: has(ChannelKind::Email).then(|| format!("{}.{code}.{n}@pretend.invalid", post.group)),
            speaker: None,
        }
    }

    fn resident(&self, village: usize, n: u64) -> Person {
        let region = self.villages[village].code;
        let follows = self.model.follows(self.seed, region.start(), n);
        let wechat = follows.then(|| self.open_id(village, n));
        let sms = Some(self.number(village, n));
        Person { region, group: String::new(), sms, wechat, email: None, speaker: None }
    }

    fn open_id(&self, village: usize, n: u64) -> String {
        let code = self.villages[village].code.start();
        let letters = |third| {
            let bits = draw(self.seed, code, n, Question::OpenId(third));
            (0..9).map(move |at| char::from(ALPHABET[(bits >> (6 * at) & 63) as usize]))
        };
        std::iter::once('o').chain((0..3).flat_map(letters)).collect()
    }
}

/// A box's code: level 6 (village), the division, type 0314 (speaker), running number, one part of one
/// (GD/J 080-2018: level 1, division 12, type 4, sequence 2, subtype 2, subsequence 2).
fn box_code(village: RegionCode, nth: u64) -> String {
    format!("6{:012}0314{:02}01{:02}", village.start(), 1 + nth % 99, 1 + nth / 99 % 99)
}

/// The people of an area in tree order: in each village the duty persons, the residents, the boxes.
pub struct People<'a> {
    pack: &'a Pack,
    quotas: std::vec::IntoIter<Quota>,
    now: Option<Here>,
}

/// Where the walk through one village stands.
struct Here {
    quota: Quota,
    post: usize,
    n: u64,
    boxed: u64,
}

impl Iterator for People<'_> {
    type Item = Person;

    fn next(&mut self) -> Option<Person> {
        loop {
            if let Some(person) = self.now.as_mut().and_then(|here| here.next(self.pack)) {
                return Some(person);
            }
            let quota = self.quotas.next()?;
            self.now = Some(Here { quota, post: 0, n: FIRST_RESIDENT, boxed: 0 });
        }
    }
}

impl Here {
    fn next(&mut self, pack: &Pack) -> Option<Person> {
        let village = self.quota.village;
        if let Some(post) = pack.posts(village).get(self.post) {
            self.post += 1;
            return Some(pack.duty_person(village, self.post as u64, post));
        }
        let code = pack.villages[village].code;
        if self.quota.phones > 0 {
            self.quota.phones -= 1;
            while !pack.model.has_phone(pack.seed, code.start(), self.n) {
                self.n += 1;
            }
            self.n += 1;
            return Some(pack.resident(village, self.n - 1));
        }
        (self.boxed < self.quota.boxes).then(|| {
            self.boxed += 1;
            let speaker = Some(box_code(code, self.boxed - 1));
            Person { region: code, group: String::new(), sms: None, wechat: None, email: None, speaker }
        })
    }
}
