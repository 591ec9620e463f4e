#include "actors/node/host/orders.hpp"

namespace millrace::host {
namespace {

using control::director_effects::tell_receiver;

struct order_translation {
  const std::string& node;

  order_effect_list operator()(const tell_receiver& o) const {
    if (o.lives)
      return {order_effects::introduce{{o.to, o.receiver}, {node, o.to, o.index, {}, o.life}}};
    return {order_effects::forget{{o.to, o.receiver}},
            order_effects::tell{o.to, messages::receiver_down{o.index, o.life}}};
  }
  order_effect_list operator()(const control::director_effects::tell_dead_letter_sink& o) const {
    return {order_effects::introduce{{o.to, o.sink}, {node, o.to, 0, {}, o.life}}};
  }
  order_effect_list operator()(const control::director_effects::tell_sender& o) const {
    return {order_effects::introduce{{o.sender, o.to}, {node, o.to, 0, o.log, o.life}}};
  }
  order_effect_list operator()(const control::director_effects::tell_log& o) const {
    return {order_effects::tell{o.to, messages::log_found{o.log, o.start}}};
  }
  order_effect_list operator()(const control::director_effects::tell_partition& o) const {
    return {order_effects::tell{o.to, messages::partition_started{o.partition, o.reader}}};
  }
  order_effect_list operator()(const control::director_effects::tell_slowest& o) const {
    return {order_effects::tell{o.to, messages::others_stand_at{o.slowest}}};
  }
  order_effect_list operator()(const control::director_effects::tell_paused& o) const {
    return {order_effects::tell{o.to, messages::set_paused{o.is_paused}}};
  }
  order_effect_list operator()(const control::director_effects::restart& o) const {
    return {order_effects::tell{o.who, messages::fail_now{std::string(messages::restart_was_asked)}}};
  }
  order_effect_list operator()(const control::director_effects::collect& o) const {
    return {order_effects::tell{o.from, messages::collect_report{}}};
  }
  order_effect_list operator()(const control::director_effects::stop& o) const {
    return {order_effects::tell{o.who, messages::stop{}}};
  }
};

}  // namespace

order_effect_list effects_of(const std::string& node, const control::actor_order& order) {
  return std::visit(order_translation{node}, order);
}

}  // namespace millrace::host
