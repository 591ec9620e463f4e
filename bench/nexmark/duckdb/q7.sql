select auction, bidder, price, epoch_ms(ts) as ms, extra from bids
qualify price = max(price) over (partition by time_bucket(interval '10 s', ts))
