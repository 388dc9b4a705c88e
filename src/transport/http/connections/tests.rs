use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::FutureExt as _;

use super::*;

const WIRE: WireLimits = WireLimits {
    body: 1000,
    message: 1000,
};
const LIMITS: Limits = Limits {
    connections: 3,
    body_bytes: 1 << 20,
    response_bytes: 1 << 20,
    ..Limits::DEFAULT
};

fn gives_way(connection: &Connection) -> bool {
    connection.state.borrow().gives_way
}

#[tokio::test(start_paused = true)]
async fn a_network_of_ipv6_counts_as_one_address() {
    let all = Connections::new(&LIMITS, &WIRE);
    let mut open = Vec::new();
    for address in ["2001:db8::1", "2001:db8:1::1", "2001:db8:1::2", "::1"] {
        open.push(all.open(address.parse().unwrap()).await);
        tokio::time::advance(Duration::from_secs(1)).await;
    }

    let told: Vec<_> = open.iter().map(|(one, _)| gives_way(one)).collect();
    assert_eq!(told, [false, true, false, false]);
}

#[derive(Default)]
struct Unfinished {
    room: Mutex<Vec<Room>>,
    is_given_up: AtomicBool,
}

/// A request that holds so many bytes, and what removes it.
fn begin(connection: &Arc<Connection>, bytes: usize) -> (Arc<Unfinished>, Guard) {
    let unfinished = Arc::<Unfinished>::default();
    lock(&unfinished.room).extend(connection.take_request(bytes));
    let given_up = Arc::clone(&unfinished);
    let guard = connection.add_unfinished(Arc::new(move || {
        lock(&given_up.room).clear();
        !given_up.is_given_up.swap(true, Ordering::Relaxed)
    }));
    (unfinished, guard)
}

#[tokio::test]
async fn who_holds_most_loses_its_oldest_unfinished_request() {
    let all = Connections::new(&LIMITS, &WIRE);
    let share = all.request_share;
    let (most, _place) = all.open(IpAddr::from([127, 0, 0, 1])).await;
    let begun = most.take_request(share / 2).unwrap();
    let held = [share / 4, share / 4].map(|bytes| begin(&most, bytes));
    let mut others = Vec::new();
    while all.requests.available_permits() >= share / 4 {
        let (other, place) = all.open(IpAddr::from([127, 0, 0, 2])).await;
        let unfinished = begin(&other, share / 4);
        others.push((other, place, unfinished));
    }

    let (last, _place) = all.open(IpAddr::from([127, 0, 0, 3])).await;
    let (last, _guard) = begin(&last, share / 4);

    let is_given_up = |(one, _): &(Arc<Unfinished>, Guard)| one.is_given_up.load(Ordering::Relaxed);
    assert_eq!(held.each_ref().map(is_given_up), [true, false]);
    assert!(
        !others
            .iter()
            .any(|(_, _, unfinished)| is_given_up(unfinished))
    );
    assert_eq!(lock(&last.room).len(), 1);
    // Its share is its own: with what has begun, one more of a half is too much.
    begin(&most, share / 2);
    assert_eq!(held.each_ref().map(is_given_up), [true, true]);
    drop(begun);
}

#[tokio::test]
async fn who_has_most_unread_is_cut_off() {
    let all = Connections::new(&LIMITS, &WIRE);
    let by = Instant::now() + Duration::from_secs(1);
    let (most, _place) = all.open(IpAddr::from([127, 0, 0, 1])).await;
    let (other, _place) = all.open(IpAddr::from([127, 0, 0, 2])).await;
    let unread = [600_000, 300_000].map(|bytes| most.take_answer(bytes, by));
    let _less = other.take_answer(100_000, by);

    let _more = other.take_answer(100_000, by);

    assert_eq!((most.unread_bytes(), other.unread_bytes()), (0, 200_000));
    assert!(most.is_overdue().now_or_never().is_some(), "it is closed");
    assert!(other.is_overdue().now_or_never().is_none());
    assert_eq!(all.answers.available_permits(), (1 << 20) - 200_000);
    drop(unread);
    assert_eq!(all.answers.available_permits(), (1 << 20) - 200_000);
}

#[tokio::test(start_paused = true)]
async fn the_first_answer_that_is_not_read_in_time_is_overdue() {
    let all = Connections::new(&LIMITS, &WIRE);
    let (connection, _place) = all.open(IpAddr::from([127, 0, 0, 1])).await;
    let start = Instant::now();
    let second = |n| start + Duration::from_secs(n);
    let _late = [(); 2].map(|()| connection.take_answer(1, second(30)));
    let early = connection.take_answer(1, second(10));
    let overdue = {
        let connection = Arc::clone(&connection);
        tokio::spawn(async move {
            connection.is_overdue().await;
            Instant::now()
        })
    };
    tokio::time::sleep(Duration::from_secs(9)).await;
    drop(early);
    assert_eq!(connection.unread_bytes(), 2);
    assert_eq!(overdue.await.unwrap(), second(30));
}

#[tokio::test]
async fn nobody_loses_a_request_to_whoever_holds_as_much() {
    let all = Connections::new(&LIMITS, &WIRE);
    let quarter = all.request_share / 4;
    let (most, _place) = all.open(IpAddr::from([127, 0, 0, 1])).await;
    let begun = [(); 2].map(|()| most.take_request(quarter).unwrap());
    let mut others = Vec::new();
    while all.requests.available_permits() >= quarter {
        let (other, place) = all.open(IpAddr::from([127, 0, 0, 2])).await;
        let unfinished = begin(&other, quarter);
        others.push((other, place, unfinished));
    }
    let lost = || {
        let given_up = |(_, _, one): &&(_, _, (Arc<Unfinished>, Guard))| {
            one.0.is_given_up.load(Ordering::Relaxed)
        };
        others.iter().filter(given_up).count()
    };

    assert!(most.take_request(quarter).is_none(), "it has only calls");
    assert_eq!(lost(), 0);
    // Who holds as much as the others loses its own.
    assert!(others[1].0.take_request(quarter).is_some());
    assert!(others[1].2.0.is_given_up.load(Ordering::Relaxed));
    assert_eq!(lost(), 1);
    drop(begun);
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_idle_from_the_end_of_its_last_request() {
    let all = Connections::new(&LIMITS, &WIRE);
    let (connection, _place) = all.open(IpAddr::from([127, 0, 0, 1])).await;
    let start = Instant::now();
    let idle = {
        let connection = Arc::clone(&connection);
        tokio::spawn(async move {
            connection.is_idle_for(Duration::from_secs(10)).await;
            start.elapsed().as_secs()
        })
    };
    tokio::time::sleep(Duration::from_secs(5)).await;
    let requests = [(); 2].map(|()| connection.begin_request());
    for request in requests {
        tokio::time::sleep(Duration::from_secs(9)).await;
        drop(request);
    }

    assert_eq!(idle.await.unwrap(), 33);
}

#[tokio::test(start_paused = true)]
async fn a_connection_gives_way_once_its_calls_have_ended_and_their_answers_are_read() {
    const READING: Duration = Duration::from_millis(600);
    const CALL: Duration = Duration::from_secs(5);
    let second = Duration::from_secs(1);

    // How long a client takes to read the answer to its call, and when its connection may close.
    for (reading, want) in [
        (READING, CALL + READING),
        (Duration::from_mins(1), CALL + second),
    ] {
        let all = Connections::new(&Limits::DEFAULT, &WIRE);
        let (one, _place) = all.open([127, 0, 0, 1].into()).await;
        let call = one.begin_call();
        one.state.send_modify(|state| state.gives_way = true);
        let start = Instant::now();

        let closed = {
            let one = Arc::clone(&one);
            tokio::spawn(async move {
                one.has_given_way().await;
                start.elapsed()
            })
        };
        sleep(CALL).await;
        let answer = one.take_answer(1, Instant::now() + CALL);
        drop(call);
        sleep(reading).await;
        drop(answer);

        assert_eq!(closed.await.unwrap(), want);
    }
}
