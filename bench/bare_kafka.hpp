// What the bare Kafka clients of the benchmarks share: they end where anything is wrong.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace millrace::bench {

[[noreturn]] inline void give_up(const char* what) {
  std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
  std::exit(1);
}

inline void set(rd_kafka_conf_t* conf, const char* name, const char* value) {
  char why[512];
  if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK)
    give_up(why);
}

}  // namespace millrace::bench
