use tokio::sync::oneshot;

use super::*;
use crate::{notice::Notice, writer::member::Write};

fn member(urgent: bool, name: &str) -> Member {
    let (reply, _) = oneshot::channel();
    let notice = Notice { kind: "test".into(), key: name.into(), at: 0 };
    Member { writes: vec![Write::Notice(notice)], urgent, reply }
}

fn names(group: Option<Group>) -> Vec<String> {
    let writes = group.into_iter().flat_map(|group| group.members).flat_map(|member| member.writes);
    writes
        .filter_map(|write| if let Write::Notice(notice) = write { Some(notice.key) } else { None })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_urgent_goes_at_once_and_the_patient_ride_along_when_they_are_due() {
    let (queue, members) = mpsc::channel(10);
    let (mut gatherer, closing) = (Gatherer::new(members), Notify::new());
    queue.send(member(true, "a")).await.unwrap();
    assert_eq!(names(gatherer.next(&closing).await), ["a"]);
    queue.send(member(false, "b")).await.unwrap();
    queue.send(member(true, "c")).await.unwrap();
    let begun = Instant::now();
    assert_eq!(names(gatherer.next(&closing).await), ["c"]);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    tokio::time::advance(LINGER).await;
    queue.send(member(true, "d")).await.unwrap();
    assert_eq!(names(gatherer.next(&closing).await), ["d", "b"]);
}

#[tokio::test(start_paused = true)]
async fn the_patient_wait_no_longer_than_they_linger_and_not_at_all_while_nobody_sends() {
    let (queue, members) = mpsc::channel(10);
    let (mut gatherer, closing) = (Gatherer::new(members), Notify::new());
    let begun = Instant::now();
    queue.send(member(false, "a")).await.unwrap();
    assert_eq!(names(gatherer.next(&closing).await), ["a"]);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    queue.send(member(true, "b")).await.unwrap();
    queue.send(member(false, "c")).await.unwrap();
    assert_eq!(names(gatherer.next(&closing).await), ["b"]);
    assert_eq!(names(gatherer.next(&closing).await), ["c"]);
    assert!(begun.elapsed() >= LINGER && begun.elapsed() < LINGER * 2, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_closed_queue_is_emptied_before_it_ends() {
    let (queue, members) = mpsc::channel(10);
    let (mut gatherer, closing) = (Gatherer::new(members), Notify::new());
    queue.send(member(true, "a")).await.unwrap();
    queue.send(member(false, "b")).await.unwrap();
    assert_eq!(names(gatherer.next(&closing).await), ["a"]);
    closing.notify_one();
    assert_eq!(names(gatherer.next(&closing).await), ["b"]);
    assert!(gatherer.next(&closing).await.is_none());
    assert!(queue.send(member(true, "c")).await.is_err());
}
