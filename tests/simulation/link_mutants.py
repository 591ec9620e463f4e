"""Rules of the link between two nodes, each with the change that leaves it out, in the form of mutants.py.

tests/property/link finds them, or where it cannot see a rule (times, bounds of memory, who is refused),
tests/unit/link.
"""

LINK_MUTANTS = [
    # A session is agreed on by both, and nothing of another one is taken for it.
    ("link_answered", "a hello opens a session only if it answers this end's present name", "runtime/link/handshake.cpp",
     "  if (answers != mine_)\n    return heard::answer;", "  if (!answers)\n    return heard::answer;"),
    ("link_late_hello", "a hello of an older name than the newest means nothing", "runtime/link/handshake.cpp",
     "state_ == state::stopped || from < theirs_)", "state_ == state::stopped)"),
    ("link_left", "a new name of the peer ends the session", "runtime/link/handshake.cpp",
     "return from == theirs_ ? heard::again : heard::left;", "return heard::again;"),
    ("link_new_name", "who leaves a session begins with a new name", "runtime/link/handshake.cpp",
     "  ++mine_.attempt;\n", "  mine_.attempt = 1;\n"),
    ("link_session", "a packet belongs to the session that it names", "runtime/link/handshake.cpp",
     "const bool names_both = s.mine == theirs_ && s.theirs == mine_;",
     "const bool names_both = s.mine.node == theirs_.node && s.theirs.node == mine_.node;"),
    ("link_late_packet", "late packets of an old session end nothing", "runtime/link/handshake.cpp",
     "return s.mine > theirs_ || s.theirs > mine_ ? belongs::foreign : belongs::late;", "return belongs::foreign;"),
    ("link_void", "what waits is void with its session", "runtime/link/node_link.cpp",
     "  session_.reset();\n  waiting_.clear();", "  session_.reset();"),
    # Messages in a session: in order, once, without a gap.
    ("link_gap", "a gap ends the session", "runtime/link/open_session.cpp",
     "  if (h.sequence != received_ + 1)", "  if (false)"),
    ("link_twice", "a packet that comes again is dropped", "runtime/link/open_session.cpp",
     "  if (h.sequence <= received_)\n    return progress{};", ""),
    ("link_order", "an edge's message leaves whole before its next one begins", "runtime/link/fragments.cpp",
     "  q.messages.push_back({std::move(m), total, 0});", "  q.messages.push_front({std::move(m), total, 0});"),
    ("link_overtake", "no note, credit or acknowledgement overtakes content", "runtime/link/fragments.cpp",
     "if (m.kind == kind::content || earlier.what.kind == kind::content || earlier.sent != 0)",
     "if (m.kind == kind::content || earlier.sent != 0)"),
    ("link_note_fence", "notes of two fences are not joined", "runtime/link/fragments.cpp",
     "    if (m.kind == kind::note && m.stamp != earlier.what.stamp)\n      return false;", ""),
    # Bounds.
    ("link_window", "no more than the window is under way", "runtime/link/open_session.cpp",
     "waiting.next(window_.room() - sizeof(packet_header))", "waiting.next(limits_.fragment)"),
    ("link_acknowledge", "what has come is acknowledged before the window is full", "runtime/link/open_session.cpp",
     "to_acknowledge_ >= limits_.acknowledge_at || (now && to_acknowledge_ > 0)", "false"),
    ("link_begun", "messages that have begun are bounded, and the sender waits", "runtime/link/fragments.cpp",
     "if (!may_begin(limits_, credit_of(edge), begun_, w.total)) {", "if (false) {"),
    ("link_room", "who was refused is told when there is room", "runtime/link/fragments.cpp",
     "      out.push_back(r.edge);\n", ""),
    ("link_turns", "edges send by turns", "runtime/link/fragments.cpp",
     "    else\n      ring_.push_back(edge);", "    else\n      ring_.push_front(edge);"),
    ("link_queued", "what waits at all edges together is bounded", "runtime/link/fragments.cpp",
     "  if (beside != 0 && beside + cost > limits_.queued)\n    return false;\n", ""),
    # Presence of peers.
    ("link_sign", "bytes of a peer that nothing reaches are no sign of life", "runtime/link/open_session.cpp",
     "done.is_sign_of_life = window_.acknowledged(h.acknowledged) || h.pong > answered_;",
     "window_.acknowledged(h.acknowledged);\n  done.is_sign_of_life = true;"),
    ("link_replaced", "an older process of a node that was replaced is refused", "runtime/link/meeting.cpp",
     "if (k.session > theirs.me.node)", "if (false)"),
]
