#include "actors/node/host/orders.hpp"

namespace millrace::host {
namespace {

using control::director_effects::tell_receiver;
using all = std::vector<deed>;

struct reading {
  const std::string& node;

  all operator()(const tell_receiver& o) const {
    if (o.lives)
      return {deeds::introduce{{o.to, o.receiver}, {node, o.to, o.index, {}, o.life}}};
    return {deeds::forget{{o.to, o.receiver}}, deeds::tell{o.to, messages::receiver_down{o.index, o.life}}};
  }
  all operator()(const control::director_effects::tell_dead_letter_sink& o) const {
    return {deeds::introduce{{o.to, o.sink}, {node, o.to, 0, {}, o.life}}};
  }
  all operator()(const control::director_effects::tell_sender& o) const {
    return {deeds::introduce{{o.sender, o.to}, {node, o.to, 0, o.log, o.life}}};
  }
  all operator()(const control::director_effects::tell_log& o) const {
    return {deeds::tell{o.to, messages::log_found{o.log, o.start}}};
  }
  all operator()(const control::director_effects::tell_partition& o) const {
    return {deeds::tell{o.to, messages::partition_started{o.partition, o.reader}}};
  }
  all operator()(const control::director_effects::tell_slowest& o) const {
    return {deeds::tell{o.to, messages::others_stand_at{o.slowest}}};
  }
  all operator()(const control::director_effects::tell_paused& o) const {
    return {deeds::tell{o.to, messages::set_paused{o.is_paused}}};
  }
  all operator()(const control::director_effects::restart& o) const {
    return {deeds::tell{o.who, messages::fail_now{std::string(messages::restart_was_asked)}}};
  }
  all operator()(const control::director_effects::collect& o) const {
    return {deeds::tell{o.from, messages::collect_report{}}};
  }
  all operator()(const control::director_effects::stop& o) const {
    return {deeds::tell{o.who, messages::stop{}}};
  }
};

}  // namespace

std::vector<deed> deeds_of(const std::string& node, const control::actor_order& order) {
  return std::visit(reading{node}, order);
}

}  // namespace millrace::host
