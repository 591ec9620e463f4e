"""Rules of a director over nodes (docs/design/cluster.md), each left out by one change of one source. Unit tests find them.

(name, the rule, source, text as it stands, once, text without the rule)
"""

DIRECTOR = "runtime/control/topology_director.cpp"
DESK = "runtime/control/actor_desk.cpp"

DIRECTOR_MUTANTS = [
    ("director_recorded", "records that are given up are recorded before the next life begins", DIRECTOR,
     "  if (is_recorded(p.give_up)) {", "  if (true) {"),
    ("director_late_end", "the end of a predecessor does not end its successor", DIRECTOR,
     "known->second.second > last", "false"),
    ("director_late_begin", "a predecessor that is heard of late does not take its successor's place", DIRECTOR,
     "known != lives_.end() && m.now <= known->second.second", "false"),
    ("director_further_life", "a further life under the same term was down in between", DIRECTOR,
     "  if (director_.lives(m.actor))\n    carry_out(director_.is_down(m.actor), out);\n  lives_", "  lives_"),
    ("director_elsewhere", "an actor that has another place lives no more where it was", DIRECTOR,
     "  end_lost_lives(out);\n  for (", "  for ("),
    ("director_stale", "a life whose successor has a place is not introduced", DIRECTOR,
     "!members_.contains(m.actor) || has_successor(m.actor, m.now)", "!members_.contains(m.actor)"),
    ("director_again", "a life that its node tells of again is introduced again", DIRECTOR,
     "    return carry_out(director_.introduce_again(m.actor), out);", "    return;"),
    ("director_lowest", "lanes begin at the lowest position until all have lived at once", DIRECTOR,
     "all_have_lived_ ? how::at_furthest : how::at_lowest", "how::at_furthest"),
    ("director_promised", "partitions that are found at once go to different lanes", DIRECTOR,
     "next_reader(parser, promised)", "next_reader(parser)"),
    ("director_starts", "what an earlier director had recorded is known to the next one", DIRECTOR,
     "  begin_starts(out);\n  end_lost", "  end_lost"),
    ("director_end_once", "who has ended says nothing more", DIRECTOR,
     "void topology_director::end(direction_list& out) {\n  has_ended_ = true;", "void topology_director::end(direction_list& out) {"),
    ("desk_other_life", "an order for another life is dropped", DESK,
     "at != living_.end() && at->second.now.term == l.term", "at != living_.end()"),
    ("desk_lower_count", "what was prepared for a lower count begins nothing", DESK,
     "!l->asks || l->now != m.next", "!l->asks"),
    ("desk_once", "what was prepared begins one life", DESK,
     "  l->asks.reset();", "  ;"),
    ("desk_again", "an introduction that says the same comes once", DESK,
     "if (!is_new && known->second == m)", "if (false)"),
    ("desk_void", "after a session is over its introductions come again", DESK,
     "    std::erase_if(l.introduced, [&](const auto& i) { return i.second.node == node; });", "    static_cast<void>(l);"),
    ("desk_said_again", "a new director hears the last words of actors", DESK,
     "      out.emplace_back(acts::say{actor_said{topology_, news}});", "      static_cast<void>(news);"),
    ("desk_began_again", "a new director hears of lives that are there", DESK,
     "    if (l.is_there)\n      out.emplace_back(acts::say{actor_began{topology_, actor, l.now}});", "    ;"),
    ("desk_over", "the director hears that a life is there no more", DESK,
     "return last.is_there ?", "return false ?"),
    ("desk_waiting", "a new director hears of lives that wait", DESK,
     "    if (l.asks)\n      out.emplace_back(acts::say{*l.asks});", "    ;"),
    ("desk_given_up", "a record that was given up is not given up again", DESK,
     "      failing.give_up(v.log, v.at);", "      static_cast<void>(v);"),
]
