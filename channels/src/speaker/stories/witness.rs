//! The fleet's ledger beside dispatch: a box forgets a report only when both have it; tests and stops go without a plan.

use super::*;
use mingluo_model::bulletin::BroadcastClass;

/// A bulletin's envelope as the city signs it.
fn envelope(bulletin: &Bulletin) -> Vec<u8> {
    signer().seal(bulletin).unwrap().to_bytes()
}

fn test_bulletin(seq: u16) -> Bulletin {
    Bulletin { class: BroadcastClass::Daily, grade: None, volume: 0, ..bulletin(seq) }
}

#[tokio::test]
async fn a_box_forgets_a_report_only_when_dispatch_and_the_ledger_have_it() {
    let mut city = City::new().await;
    let hub = city.channel.hub();
    hub.be_witnessed();
    let mut village = city.welcome(1).await;
    city.order(&bulletin(7), &[1]).await;
    village.hear_order().await;
    let first = village.report(7, Event::Verified).await;
    let told = city.told().await;
    city.commit(&told).await;
    let second = village.report(7, Event::Playing).await;
    let told = city.told().await;

    let unkept = hub.take_unkept(100);
    assert_eq!(unkept.iter().map(|it| it.event).collect::<Vec<_>>(), [Event::Verified, Event::Playing]);
    hub.kept(&unkept);
    // The first is told together with the second, which dispatch has not kept yet.
    city.commit(&told).await;
    assert_eq!(committed_unasked(&mut city, &mut village).await, [first, second]);
    assert!(hub.take_unkept(100).is_empty());
}

#[tokio::test]
async fn a_report_that_comes_again_is_shown_once_and_committed_once_it_is_kept() {
    let mut city = City::new().await;
    let hub = city.channel.hub();
    hub.be_witnessed();
    let mut village = city.welcome(1).await;
    village.say_report(5, 1, Event::Received, "").await;
    village.say_report(5, 1, Event::Received, "").await;
    village.say_report(6, 1, Event::Verified, "").await;
    let told = city.told().await;
    city.commit(&told).await;
    let unkept = hub.take_unkept(100);
    assert_eq!(unkept.iter().map(|it| it.id).collect::<Vec<_>>(), [5, 6]);
    hub.kept(&unkept);
    assert_eq!(committed_unasked(&mut city, &mut village).await, [5, 6]);
}

#[tokio::test]
async fn a_test_goes_to_its_boxes_and_dispatch_hears_nothing_of_it() {
    let mut city = City::new().await;
    let hub = city.channel.hub();
    hub.be_witnessed();
    let mut village = city.welcome(1).await;
    let test = test_bulletin(3);
    assert_eq!(hub.give(&envelope(&test), &[box_code(1), box_code(2)]).unwrap(), test.ebm);
    assert_eq!(village.hear_order().await, test.ebm);
    let id = village.report(3, Event::Verified).await;
    tokio::select! {
        told = city.told() => panic!("told {told:?}"),
        () = async { while hub.take_unkept(100).is_empty() { tokio::task::yield_now().await; } } => {}
    }
    let report = Report { id, ..crate::speaker::village::report(1, 3, Event::Verified) };
    hub.kept(&[report]);
    assert_eq!(committed_unasked(&mut city, &mut village).await, [id]);
    let mut late = city.connect(hello(2)).await;
    assert!(matches!(late.hear().await, CityFrame::Welcome(_)));
    assert_eq!(late.hear_order().await, test.ebm, "one that was away gets it while it holds");
}

#[tokio::test]
async fn a_given_order_outlives_dispatchs_session_and_ends_with_its_time() {
    let mut city = City::new().await;
    let hub = city.channel.hub();
    let short = Bulletin { end: Timestamp(NOW.0 + 60_000), ..test_bulletin(1) };
    hub.give(&envelope(&short), &[box_code(1), box_code(2)]).unwrap();
    city.order(&bulletin(2), &[1, 2]).await;
    city.session = city.channel.open().await.unwrap();
    let mut village = city.welcome(1).await;
    assert_eq!(village.hear_order().await, short.ebm, "what dispatch sent is dispatch's to send again");
    city.clock.advance(Duration::from_secs(61));
    let key = city.order(&bulletin(4), &[2]).await;
    let mut late = city.connect(hello(2)).await;
    assert!(matches!(late.hear().await, CityFrame::Welcome(_)));
    assert_eq!(late.hear_order().await, bulletin(4).ebm);
    late.report(4, Event::Verified).await;
    assert!(matches!(verdicts(city.told().await)[..], [(answered, Verdict::Accepted(_))] if answered == key));
}

#[tokio::test]
async fn a_stop_of_everything_takes_out_what_waits_in_its_boxes_alone() {
    let mut city = City::new().await;
    let hub = city.channel.hub();
    let red = city.order(&bulletin(1), &[1, 2]).await;
    let stop = Bulletin { action: Action::StopAll, script: String::new(), ..bulletin(2) };
    hub.give(&envelope(&stop), &[box_code(1)]).unwrap();

    let withdrawn = [(red, Verdict::Busy { retry_after: Duration::ZERO })];
    assert_eq!(verdicts(city.told().await), withdrawn);
    let mut stopped = city.welcome(1).await;
    assert_eq!(stopped.hear_order().await, stop.ebm);
    let mut other = city.connect(hello(2)).await;
    assert!(matches!(other.hear().await, CityFrame::Welcome(_)));
    assert_eq!(other.hear_order().await, bulletin(1).ebm, "another county's box is not silenced");
}
