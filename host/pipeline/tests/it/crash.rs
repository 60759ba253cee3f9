//! Accepted is kept, across a crash at any moment.

use crate::house::{House, tenant, text, to_desk};

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_was_accepted_before_a_crash_is_delivered_once_after_it() {
    let tenants = [("acme", tenant("link = ['!a:h', '!b:h', '!c:h']", &to_desk()))];
    let mut house = House::new(&tenants).await;
    let mut sent = 0;
    for _ in 0..5 {
        for _ in 0..60 {
            let room = ["!a:h", "!b:h", "!c:h"][sent % 3];
            house.send(&[text(room, &format!("$e{sent}"), "@alice:h", &format!("{sent}"))]).await;
            sent += 1;
        }
        house = house.crashed(&tenants).await;
    }
    house.settled().await;
    let numbers: Vec<usize> = house.words("acme").await.iter().map(|word| word.parse().unwrap()).collect();
    for lane in 0..3 {
        let got: Vec<usize> = numbers.iter().copied().filter(|n| n % 3 == lane).collect();
        assert_eq!(got, (lane..sent).step_by(3).collect::<Vec<usize>>());
    }
    house.stop().await;
}
