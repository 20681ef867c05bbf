//! A platform that gives the token that it has just refused.

use super::*;
use mingluo_model::clock::manual::ManualClock;

/// Gives the tokens of its list in turn, and the last one again and again.
struct Platform {
    gives: Mutex<Vec<&'static str>>,
    asked: Mutex<u32>,
}

impl Tokens for Arc<Platform> {
    async fn ask(&self) -> Result<TokenSaid, CallError> {
        *self.asked.lock().unwrap() += 1;
        let mut gives = self.gives.lock().unwrap();
        let token = if gives.len() > 1 { gives.remove(0) } else { gives[0] };
        let access_token = Some(token.to_owned());
        Ok(TokenSaid { errcode: 0, errmsg: String::new(), access_token, expires_in: Some(7_200) })
    }
}

fn scene(gives: &[&'static str]) -> (Arc<Platform>, Arc<ManualClock>, TokenHolder<Arc<Platform>>) {
    let platform = Arc::new(Platform { gives: Mutex::new(gives.to_vec()), asked: Mutex::default() });
    let clock = ManualClock::at(Timestamp(0));
    let holder = TokenHolder::new(Arc::clone(&platform), clock.clone());
    (platform, clock, holder)
}

#[tokio::test]
async fn a_platform_that_gives_the_refused_token_again_is_left_alone_for_some_seconds() {
    let (platform, clock, holder) = scene(&["a", "a", "a", "b"]);
    let refused = holder.token().await.unwrap();

    let busy = |seconds| Err(SendError::Busy { retry_after: Duration::from_secs(seconds) });
    assert_eq!(holder.instead_of(&refused).await, busy(5));
    clock.advance(Duration::from_secs(2));
    for _ in 0..3 {
        assert_eq!(holder.token().await, busy(3), "no call leaves with it");
        assert_eq!(holder.instead_of(&refused).await, busy(3));
    }
    assert_eq!(*platform.asked.lock().unwrap(), 2, "and nobody asks for it");

    clock.advance(Duration::from_secs(3));
    let tried = holder.token().await.unwrap();
    assert_eq!(tried.expose(), "a", "it may be good again");
    assert_eq!(holder.instead_of(&tried).await.unwrap().expose(), "b");
    assert_eq!(holder.token().await.unwrap().expose(), "b");
    assert_eq!(*platform.asked.lock().unwrap(), 4);
}

#[tokio::test]
async fn a_token_that_was_refused_is_replaced_once_for_all_calls() {
    let (platform, _, holder) = scene(&["a", "b"]);
    let refused = holder.token().await.unwrap();
    for _ in 0..3 {
        assert_eq!(holder.instead_of(&refused).await.unwrap().expose(), "b");
    }
    assert_eq!(*platform.asked.lock().unwrap(), 2);
}
