select auction, bidder, (0.908 * price)::decimal(18, 3) as price, epoch_ms(ts) as ms, extra from bids
