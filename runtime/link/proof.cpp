// Challenge: u32 magic | u16 format | nonce. Answer: u32 magic | nonce | proof | u8 length of the name | name. Proof.
#include "runtime/link/proof.hpp"

#include "runtime/base/random.hpp"
#include "runtime/link/hello.hpp"
#include "runtime/wire/bytes.hpp"

#include <algorithm>
#include <cstring>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace millrace::link {
namespace {

constexpr std::uint32_t challenge_magic = 0x636C'726D;  // "mrlc"
constexpr std::uint32_t answer_magic = 0x616C'726D;     // "mrla"
constexpr std::uint16_t proof_format = 1;
constexpr std::size_t proof_part_size = sizeof(nonce) + proof_size + 1;

static_assert(challenge_size == 22);
static_assert(longest_name <= 255, "the length of a name is one byte");

std::string_view text_of(const nonce& n) { return {n.data(), n.size()}; }

/// Both ends of a connection, as its proofs have them.
struct both_ends {
  std::string_view from, to, at;  // the node that connects, the node it connects to, and the address
  const nonce& of_connecting;
  const nonce& of_accepting;
};

/// `role`: of the end that proves itself.
std::string proof_of(std::string_view secret, std::string_view role, const both_ends& ends) {
  wire::writer said;
  for (const auto part :
       {role, ends.from, ends.to, ends.at, text_of(ends.of_connecting), text_of(ends.of_accepting)})
    said.string(part);
  std::string out(proof_size, '\0');
  unsigned size = 0;
  const auto* const bytes = reinterpret_cast<const unsigned char*>(said.bytes().data());
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes, said.size(),
           reinterpret_cast<unsigned char*>(out.data()), &size) == nullptr ||
      size != proof_size)
    return {};  // it is no proof of anything
  return out;
}
std::string proof_of_connecting(std::string_view secret, const both_ends& ends) {
  return proof_of(secret, "connects", ends);
}
std::string proof_of_accepting(std::string_view secret, const both_ends& ends) {
  return proof_of(secret, "accepts", ends);
}

void copy(std::string_view bytes, nonce& to) { std::copy_n(bytes.begin(), to.size(), to.begin()); }

}  // namespace

nonce random_nonce() {
  const std::array<std::uint64_t, 2> bits{random_bits(), random_bits()};
  nonce out{};
  static_assert(sizeof(bits) == sizeof(out));
  std::memcpy(out.data(), bits.data(), out.size());
  return out;
}

bool is_proof(std::string_view shown, std::string_view expected) {
  return expected.size() == proof_size && shown.size() == proof_size &&
         CRYPTO_memcmp(shown.data(), expected.data(), proof_size) == 0;
}

std::string doorkeeper::challenge() const {
  wire::writer out;
  out.fixed(challenge_magic);
  out.fixed(proof_format);
  out.raw(text_of(mine_));
  return out.take();
}

doorkeeper::judged doorkeeper::take(std::string_view bytes) {
  if (bytes.size() != wants_)
    return judged::foreign;
  wire::reader in(bytes);
  switch (part_) {
  case part::mark:
    if (in.fixed<std::uint32_t>() != answer_magic)
      return judged::foreign;
    part_ = part::proof;
    wants_ = proof_part_size;
    return judged::more;
  case part::proof:
    copy(in.raw(theirs_.size()), theirs_);
    shown_ = in.raw(proof_size);
    part_ = part::name;
    wants_ = in.fixed<std::uint8_t>();
    return wants_ == 0 ? judged::foreign : judged::more;
  case part::name:
    break;
  }
  peer_ = bytes;
  const auto is_good = secret_.size() == link_secret_size &&
                       is_proof(shown_, proof_of_connecting(secret_, {peer_, me_, at_, theirs_, mine_}));
  return is_good ? judged::proved : judged::unproved;
}

std::string doorkeeper::own_proof() const {
  return proof_of_accepting(secret_, {peer_, me_, at_, theirs_, mine_});
}

bool is_challenge(std::string_view bytes) {
  wire::reader in(bytes);
  return bytes.size() == challenge_size && in.fixed<std::uint32_t>() == challenge_magic &&
         in.fixed<std::uint16_t>() == proof_format;
}

std::optional<answered> answer(std::string_view challenge, std::string_view secret, std::string_view me,
                               std::string_view peer, std::string_view at, const nonce& mine) {
  if (!is_challenge(challenge) || secret.size() != link_secret_size || me.empty() || me.size() > longest_name)
    return std::nullopt;
  nonce theirs{};
  copy(challenge.substr(challenge_size - theirs.size()), theirs);
  const both_ends ends{me, peer, at, mine, theirs};
  wire::writer out;
  out.fixed(answer_magic);
  out.raw(text_of(mine));
  out.raw(proof_of_connecting(secret, ends));
  out.fixed(static_cast<std::uint8_t>(me.size()));
  out.raw(me);
  return answered{out.take(), proof_of_accepting(secret, ends)};
}

}  // namespace millrace::link
