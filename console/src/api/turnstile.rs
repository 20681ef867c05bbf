//! The turnstile (限流) before doors that are open to everybody: so many requests a second together, whoever they come from,
//! since behind a city's proxy all come from one address. What is beyond it is told to come again, and neither store nor
//! dispatch hears of it.

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use mingluo_model::clock::SharedClock;
use std::sync::{Arc, Mutex, PoisonError};

struct Turnstile {
    clock: SharedClock,
    /// Requests that pass in one second of the clock.
    per_second: u32,
    // Guards the second and how many passed in it.
    passed: Mutex<(i64, u32)>,
}

/// Lets so many requests a second through to these routes.
pub(super) fn behind(routes: Router, per_second: u32, clock: &SharedClock) -> Router {
    let turnstile = Turnstile { clock: Arc::clone(clock), per_second, passed: Mutex::default() };
    routes.route_layer(middleware::from_fn_with_state(Arc::new(turnstile), pass))
}

async fn pass(State(turnstile): State<Arc<Turnstile>>, request: Request, next: Next) -> Response {
    if turnstile.turns() {
        return next.run(request).await;
    }
    let mut response = StatusCode::TOO_MANY_REQUESTS.into_response();
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

impl Turnstile {
    fn turns(&self) -> bool {
        let second = self.clock.now().0.div_euclid(1_000);
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        if passed.0 != second {
            *passed = (second, 0);
        }
        let turns = passed.1 < self.per_second;
        passed.1 += u32::from(turns);
        turns
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mingluo_model::clock::{Timestamp, manual::ManualClock};
    use std::time::Duration;

    #[test]
    fn each_second_has_room_for_so_many() {
        let clock = ManualClock::at(Timestamp(1_000));
        let turnstile = Turnstile { clock: clock.clone(), per_second: 2, passed: Mutex::default() };
        assert_eq!([(); 3].map(|()| turnstile.turns()), [true, true, false]);
        clock.advance(Duration::from_secs(1));
        assert!(turnstile.turns());
    }
}
