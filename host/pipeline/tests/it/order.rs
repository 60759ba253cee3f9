//! Once, in order.

use crate::house::{House, tenant, text, to_desk};

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn messages_of_a_room_keep_their_order_and_rooms_do_not_mix() {
    let tenants = [("acme", tenant("link = ['!a:h', '!b:h']", &to_desk()))];
    let mut house = House::new(&tenants).await;
    for n in 0..200 {
        let room = if n % 2 == 0 { "!a:h" } else { "!b:h" };
        let events = [text(room, &format!("$e{n}"), "@alice:h", &n.to_string())];
        house.send(&events).await;
    }
    house.settled().await;
    let words = house.words("acme").await;
    let numbers: Vec<u32> = words.iter().map(|word| word.parse().unwrap()).collect();
    let (even, odd): (Vec<u32>, Vec<u32>) = numbers.iter().partition(|n| *n % 2 == 0);
    assert_eq!(even, (0..200).step_by(2).collect::<Vec<u32>>());
    assert_eq!(odd, (1..200).step_by(2).collect::<Vec<u32>>());
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_room_has_one_ticket_and_one_customer() {
    let tenants = [("acme", tenant("link = ['!a:h']", &to_desk()))];
    let mut house = House::new(&tenants).await;
    let events: Vec<_> = (0..50).map(|n| text("!a:h", &format!("$e{n}"), "@alice:h", "hello")).collect();
    house.send(&events).await;
    house.settled().await;
    let tickets: std::collections::BTreeSet<_> =
        house.lines("acme").await.into_iter().map(|line| line.ticket).collect();
    assert_eq!(tickets.len(), 1);
    let row = house.store.conversation(&"acme".into(), &"!a:h".into()).await.unwrap().unwrap();
    assert_eq!(row.message_count, 50);
    house.stop().await;
}
