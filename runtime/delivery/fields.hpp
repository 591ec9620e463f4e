// The members of what travels on edges, for its formats (runtime/wire/fields.hpp).
#pragma once

#include "runtime/delivery/frame.hpp"
#include "runtime/wire/fields.hpp"

namespace millrace {

void fields(auto& c, wire::like<life> auto& l) { c.members(l.term, l.count); }

}  // namespace millrace

namespace millrace::delivery {

void fields(auto& c, wire::like<fence> auto& f) { c.members(f.life, f.number); }
void fields(auto& c, wire::like<answer> auto& a) { c.members(a.stamp, a.have); }
void fields(auto& c, wire::like<stage_counts> auto& n) { c.members(n.in, n.out, n.filtered, n.late, n.dead); }
void fields(auto& c, wire::like<counted> auto& n) { c.members(n.stage, n.counts); }
void fields(auto& c, wire::like<dead_letter> auto& l) {
  c.members(l.stage, l.partition, l.at, l.error, l.record);
}

}  // namespace millrace::delivery
