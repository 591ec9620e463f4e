// A group that gives an older position than the sink has committed, as brokers may that are just starting.
#include "tests/unit/kafka_sink/broker.hpp"

namespace millrace::sink {
namespace {

/// The group's committed offset as an administrator may read it, keep it, and put it back.
class kept_position {
public:
  explicit kept_position(const sink_under_test& s)
      : consumer_(kafka::client::open(RD_KAFKA_CONSUMER, {s.brokers, {}},
                                      {"test",
                                       {{"group.id", name_on_brokers(s.topology, "out", s.topic)},
                                        {"enable.auto.commit", "false"}}})
                      .value()),
        list_(rd_kafka_topic_partition_list_new(1)) {
    rd_kafka_topic_partition_list_add(list_.get(), s.topic.c_str(), 0);
    REQUIRE(rd_kafka_committed(consumer_.get(), list_.get(), 20'000) == RD_KAFKA_RESP_ERR_NO_ERROR);
    REQUIRE(list_->elems[0].offset > 0);
  }
  void put_back() const {
    REQUIRE(rd_kafka_commit(consumer_.get(), list_.get(), 0) == RD_KAFKA_RESP_ERR_NO_ERROR);
  }

private:
  kafka::client consumer_;
  kafka::owned<rd_kafka_topic_partition_list_t> list_;
};

}  // namespace

TEST_CASE("An older position than was committed is not claimed: it is asked for again", "[server]") {
  const auto s = sink_on_server(1);
  if (!s)
    return;
  auto w = s->opened();
  write_and_commit(*w, 0, 5);
  const kept_position older(*s);
  write_and_commit(*w, 5, 9);
  const kept_position newest(*s);
  older.put_back();
  for (const incarnation life : {2, 3}) {
    const auto early = w->open(s->life(life, true));
    REQUIRE_FALSE(early);
    CHECK(early.error().code == ec::unavailable);
    CHECK(early.error().retry);
    CHECK_THAT(early.error().message, Catch::Contains("acknowledged commit"));
  }
  newest.put_back();
  CHECK(position_of(w->open(s->life(4, true)).value()) == 9);
  write_and_commit(*w, 9, 12);
  CHECK(s->committed_values() == numbered_values(0, 12));
}

}  // namespace millrace::sink
