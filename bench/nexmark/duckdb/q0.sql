select auction, bidder, price, epoch_ms(ts) as ms, extra from bids
