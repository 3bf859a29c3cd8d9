#define CAF_SUITE ledger_mempool

#include "actors/ledger/coins/balances.hpp"
#include "actors/ledger/mempool.hpp"
#include "actors/ledger/signature_cache.hpp"
#include "world.hpp"

#include <caf/test/unit_test.hpp>

#include <random>

namespace bpci::ledger::test {

namespace {

constexpr std::uint64_t fee_usual = 1'000'000;

/// A pool beside a chain.
struct fixture {
  world in;
  mempool pool;

  [[nodiscard]] terms next() const { return terms_at(in.state, height{in.at.get() + 1}); }

  static transaction payment(std::string_view who, std::uint64_t nonce,
                             std::uint64_t fee = fee_usual) {
    const coins::transfer what{account_of("gus"), {token::FLX, 1}};
    transaction out;
    out.chain_id = "test";
    out.sender = account_of(who);
    out.nonce = nonce;
    out.fee = amount<flx>{fee};
    out.valid_until = height{1'000};
    out.module = "coins";
    out.kind = message_name(&what);
    out.body = codec::to_canonical(what);
    return out;
  }

  std::string add(transaction x) { return add_bytes(world::encode(std::move(x))); }

  std::string add_bytes(const bytes& encoded) {
    auto got = pool.add(in.by, next(), in.state, encoded);
    if (!got) return got.error().name;
    return got->known ? "known" : "ok";
  }

  std::string add(std::string_view who, std::uint64_t nonce, std::uint64_t fee = fee_usual) {
    return add(payment(who, nonce, fee));
  }

  /// "ada 0, ada 1, bob 0": what is offered for a block.
  [[nodiscard]] std::string offered(std::size_t count = 100, std::size_t size = 1'000'000) const {
    std::string out;
    for (const auto& encoded : pool.offer(count, size)) {
      auto x = decode_transaction(encoded).value();
      out += (out.empty() ? "" : ", ") + name_of(x.sender) + " " + std::to_string(x.nonce);
    }
    return out;
  }

  /// What is offered gets into a block.
  void block(std::size_t count = 100) {
    auto before = in.state;
    in.block(pool.offer(count, 1'000'000));
    settle(before);
  }

  void settle(const state_trie& before) {
    std::vector<account> changed;
    in.state.for_each_changed(before, [&](auto key, auto) {
      if (auto who = coins::account_of_key(key)) changed.push_back(*who);
    });
    pool.check(next(), in.state, changed);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(ledger_mempool_tests, fixture)

CAF_TEST(the best paid for a byte comes first and each sender by nonce) {
  CAF_CHECK_EQUAL(add("ada", 1, 9'000'000), "ok");
  CAF_CHECK_EQUAL(add("ada", 0, 2'000'000), "ok");
  CAF_CHECK_EQUAL(add("bob", 0, 3'000'000), "ok");
  CAF_CHECK_EQUAL(add("bob", 1, 1'000'000), "ok");
  CAF_CHECK_EQUAL(add("cyd", 0, 2'000'000), "ok");
  CAF_CHECK_EQUAL(offered(), "bob 0, ada 0, ada 1, cyd 0, bob 1");
  CAF_CHECK_EQUAL(offered(2), "bob 0, ada 0");
  auto size = world::encode(payment("ada", 0)).size();
  CAF_CHECK_EQUAL(offered(100, size), "bob 0");
  CAF_CHECK_EQUAL(offered(100, size - 1), "");
}

CAF_TEST(a larger one that pays the same comes later) {
  auto large = payment("ada", 0);
  large.kind = "transfer";
  large.body.resize(large.body.size() + 100);
  CAF_CHECK_EQUAL(add(large), "ok");
  CAF_CHECK_EQUAL(add("bob", 0), "ok");
  CAF_CHECK_EQUAL(offered(), "bob 0, ada 0");
}

CAF_TEST(nothing behind a gap is offered until the gap is closed) {
  CAF_CHECK_EQUAL(add("ada", 1), "ok");
  CAF_CHECK_EQUAL(add("ada", 2), "ok");
  CAF_CHECK(!pool.has_work());
  CAF_CHECK_EQUAL(offered(), "");
  CAF_CHECK_EQUAL(pool.status().ready, 0u);
  CAF_CHECK_EQUAL(pool.next_nonce(account_of("ada"), 0).next, 0u);
  CAF_CHECK_EQUAL(add("ada", 0), "ok");
  CAF_CHECK(pool.has_work());
  CAF_CHECK_EQUAL(offered(), "ada 0, ada 1, ada 2");
  CAF_CHECK_EQUAL(pool.status().ready, 3u);
  CAF_CHECK_EQUAL(pool.next_nonce(account_of("ada"), 0).next, 3u);
  CAF_CHECK_EQUAL(pool.next_nonce(account_of("ada"), 0).waiting, 3u);
}

CAF_TEST(another of the same nonce has to pay a tenth more) {
  CAF_CHECK_EQUAL(add("ada", 0, 1'000'000), "ok");
  CAF_CHECK_EQUAL(add("ada", 0, 1'000'000), "known");
  CAF_CHECK_EQUAL(add("ada", 0, 1'099'999), "replacement_pays_too_little");
  CAF_CHECK_EQUAL(add("ada", 0, 1'100'000), "ok");
  CAF_CHECK_EQUAL(offered(), "ada 0");
  CAF_CHECK_EQUAL(pool.status().replaced, 1u);
  CAF_CHECK_EQUAL(pool.status().transactions, 1u);
}

CAF_TEST(a signature is checked only where all else is good) {
  auto checked = 0;
  in.by.verify = [&](const transaction&, const hash&) {
    ++checked;
    return false;
  };
  CAF_CHECK_EQUAL(add("ada", 0), "signature_wrong");
  CAF_CHECK_EQUAL(checked, 1);
  in.by.verify = checksum_verifier();
  add("ada", 0);
  in.by.verify = [&](const transaction&, const hash&) {
    ++checked;
    return false;
  };
  CAF_CHECK_EQUAL(add("ada", 0, fee_usual + 1), "replacement_pays_too_little");
  CAF_CHECK_EQUAL(add("ada", 65), "nonce_ahead");
  CAF_CHECK_EQUAL(checked, 1);
}

CAF_TEST(a full pool lets go of the worst paid and of those of its sender behind it) {
  pool = mempool{{.count_max = 4, .bytes_max = 1 << 20}};
  add("ada", 0, 5'000'000);
  add("ada", 1, 1'000'000);
  add("ada", 2, 6'000'000);
  add("bob", 0, 2'000'000);
  CAF_CHECK_EQUAL(add("cyd", 0, 1'000'000), "pool_full");
  CAF_CHECK_EQUAL(add("ada", 3, 7'000'000), "pool_full");
  CAF_CHECK_EQUAL(add("cyd", 0, 3'000'000), "ok");
  CAF_CHECK_EQUAL(offered(), "ada 0, cyd 0, bob 0");
  CAF_CHECK_EQUAL(pool.status().transactions, 3u);
}

CAF_TEST(a pool has no more bytes than its bound) {
  const auto size = world::encode(payment("ada", 0)).size();
  pool = mempool{{.count_max = 100, .bytes_max = 2 * size + 1}};
  CAF_CHECK_EQUAL(add("ada", 0, 2'000'000), "ok");
  CAF_CHECK_EQUAL(add("bob", 0, 3'000'000), "ok");
  CAF_CHECK_EQUAL(add("cyd", 0, 1'000'000), "pool_full");
  CAF_CHECK_EQUAL(add("cyd", 0, 4'000'000), "ok");
  CAF_CHECK_EQUAL(offered(), "cyd 0, bob 0");
  CAF_CHECK_EQUAL(pool.status().bytes_held, 2 * size);
}

CAF_TEST(of one sender so many wait and the last gives way to one before it) {
  pool = mempool{{.per_sender = 3}};
  for (std::uint64_t nonce = 1; nonce <= 3; ++nonce)
    CAF_CHECK_EQUAL(add("ada", nonce), "ok");
  CAF_CHECK_EQUAL(add("ada", 4), "sender_full");
  CAF_CHECK_EQUAL(add("ada", 0), "ok");
  CAF_CHECK_EQUAL(offered(), "ada 0, ada 1, ada 2");
}

CAF_TEST(what is in a block waits no more and what stood behind it is next) {
  for (std::uint64_t nonce = 0; nonce < 4; ++nonce)
    add("ada", nonce);
  add("bob", 0);
  block(2);
  CAF_CHECK_EQUAL(offered(), "ada 2, ada 3, bob 0");
  CAF_CHECK_EQUAL(add("ada", 1), "nonce_used");
  // Another of that nonce came into a block from elsewhere.
  auto before = in.state;
  in.block({world::encode(payment("bob", 0, 7'000'000))});
  settle(before);
  CAF_CHECK_EQUAL(offered(), "ada 2, ada 3");
  block();
  CAF_CHECK_EQUAL(pool.status().transactions, 0u);
  CAF_CHECK_EQUAL(pool.status().bytes_held, 0u);
  CAF_CHECK_EQUAL(pool.status().senders, 0u);
}

CAF_TEST(what names a height that has passed is dropped) {
  auto short_lived = payment("ada", 0);
  short_lived.valid_until = height{2};
  CAF_CHECK_EQUAL(add(short_lived), "ok");
  add("ada", 1);
  auto wait = [&] {
    auto before = in.state;
    in.block();
    settle(before);
  };
  wait();
  CAF_CHECK_EQUAL(offered(), "ada 0, ada 1");
  wait();
  CAF_CHECK_EQUAL(offered(), "");
  CAF_CHECK_EQUAL(pool.status().expired, 1u);
  CAF_CHECK_EQUAL(pool.status().transactions, 1u);
}

CAF_TEST(what its sender can pay no more is dropped) {
  add("ada", 1, 900'000'000'000);
  auto before = in.state;
  auto all = payment("ada", 0);
  all.body = codec::to_canonical(coins::transfer{account_of("gus"), {token::FLX, 500'000'000'000}});
  in.block({world::encode(all)});
  settle(before);
  CAF_CHECK_EQUAL(pool.status().transactions, 0u);
}

CAF_TEST(when fees rise what pays too little is dropped) {
  add("ada", 0, 500'000);
  add("bob", 0, 5'000'000);
  draft changed{in.state};
  CAF_REQUIRE(set_parameter(changed, fee_base, 1'000'000));
  in.state = changed.finish();
  pool.check_all(next(), in.state);
  CAF_CHECK_EQUAL(offered(), "bob 0");
}

CAF_TEST(while the chain is halted only governance is offered) {
  add("ada", 0);
  auto call = payment("bob", 0);
  call.module = "governance";
  call.kind = "vote";
  CAF_CHECK_EQUAL(add(call), "ok");
  auto now = next();
  now.halted = true;
  pool.check(now, in.state, {});
  CAF_CHECK_EQUAL(offered(), "bob 0");
  CAF_CHECK(pool.has_work());
  pool.check(next(), in.state, {});
  CAF_CHECK_EQUAL(offered(), "ada 0, bob 0");
}

CAF_TEST(a transaction is found by its id while it waits) {
  const auto encoded = world::encode(payment("ada", 0));
  add_bytes(encoded);
  const auto* found = pool.find(transaction_id(encoded));
  CAF_REQUIRE(found);
  CAF_CHECK(*found == encoded);
  block();
  CAF_CHECK(!pool.find(transaction_id(encoded)));
}

namespace {

/// The rules of the pool, written down without any index.
struct model {
  struct one {
    std::string who;
    std::uint64_t nonce = 0, fee = 0, size = 0, arrival = 0, until = 0;
  };
  std::size_t count_max = 0;
  std::vector<one> all;
  std::uint64_t arrivals = 0;

  static bool better(const one& x, const one& y) {
    auto left = x.fee * y.size;
    auto right = y.fee * x.size;
    return left != right ? left > right : x.arrival < y.arrival;
  }

  std::string add(one x, std::uint64_t in_chain) {
    if (x.nonce < in_chain) return "nonce_used";
    if (x.nonce - in_chain > nonces_ahead_max) return "nonce_ahead";
    auto same = std::ranges::find_if(
        all, [&](const one& y) { return y.who == x.who && y.nonce == x.nonce; });
    auto replaces = same != all.end();
    if (replaces && same->fee == x.fee && same->until == x.until) return "known";
    if (replaces && x.fee * 10 < same->fee * 11) return "replacement_pays_too_little";
    x.arrival = arrivals + 1;
    if (all.size() + 1 > count_max) {
      auto worst = std::ranges::max_element(all, better);
      if (!better(x, *worst) || (worst->who == x.who && worst->nonce < x.nonce)) return "pool_full";
      if (!replaces) {
        const auto gone = *worst;
        std::erase_if(all,
                      [&](const one& y) { return y.who == gone.who && y.nonce >= gone.nonce; });
      }
    }
    std::erase_if(all, [&](const one& y) { return y.who == x.who && y.nonce == x.nonce; });
    ++arrivals;
    all.push_back(x);
    return "ok";
  }

  template <class InChain>
  void settle(std::uint64_t next, InChain in_chain) {
    std::erase_if(all, [&](const one& y) { return y.until < next || y.nonce < in_chain(y.who); });
  }

  template <class InChain>
  std::string offered(InChain in_chain, std::size_t count) const {
    std::map<std::string, std::uint64_t> next;
    std::string out;
    for (; count > 0; --count) {
      const one* best = nullptr;
      for (const auto& x : all) {
        auto at = next.contains(x.who) ? next[x.who] : in_chain(x.who);
        if (x.nonce == at && (!best || better(x, *best))) best = &x;
      }
      if (!best) break;
      next[best->who] = best->nonce + 1;
      out += (out.empty() ? "" : ", ") + best->who + " " + std::to_string(best->nonce);
    }
    return out;
  }
};

} // namespace

CAF_TEST(a pool does what its rules say in whatever order things come) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    world fresh;
    in.state = fresh.state;
    in.at = fresh.at;
    in.time = fresh.time;
    in.now = fresh.now;
    in.after = fresh.after;
    in.sealings.clear();
    constexpr std::size_t count_max = 12;
    pool = mempool{{.count_max = count_max, .bytes_max = 1 << 20}};
    model rules{count_max, {}, 0};
    std::mt19937 luck{seed};
    auto below = [&](std::uint64_t n) { return luck() % n; };
    auto in_chain = [&](const std::string& who) {
      return coins::get_holdings(in.state, account_of(who)).nonce;
    };
    for (auto step = 0; step < 300; ++step) {
      if (below(12) == 0) {
        block(below(4));
        rules.settle(in.at.get() + 1, in_chain);
      } else {
        const auto* who = std::array{"ada", "bob", "cyd", "dan"}[below(4)];
        auto x = payment(who, in_chain(who) + below(6) - (below(9) == 0 && in_chain(who) > 0),
                         fee_usual + 50'000 * below(20));
        x.valid_until = height{in.at.get() + 1 + below(20)};
        const auto encoded = world::encode(x);
        const auto said = add_bytes(encoded);
        const auto wanted = rules.add(
            {who, x.nonce, x.fee.get(), encoded.size(), 0, x.valid_until.get()}, in_chain(who));
        if (said != wanted)
          CAF_FAIL("seed " << seed << ", step " << step << ": " << said << ", not " << wanted);
      }
      if (offered() != rules.offered(in_chain, 100)
          || pool.status().transactions != rules.all.size())
        CAF_FAIL("seed " << seed << ", step " << step << ": " << offered() << ", not "
                         << rules.offered(in_chain, 100));
    }
  }
}

CAF_TEST(a signature that was good is not checked again and a bad one always is) {
  auto checked = 0;
  auto verify = remembering(
      [&](const transaction& x, const hash&) {
        ++checked;
        return checksum_of(x.sender, signing_bytes(x)) == x.sig;
      },
      1'600);
  const auto signed_one = [](std::uint64_t nonce) {
    transaction x;
    x.sender = account_of("ada");
    x.nonce = nonce;
    x.sig = checksum_of(x.sender, signing_bytes(x));
    return x;
  };
  const auto is_good = [](const verifier& by, const transaction& x) {
    return by(x, transaction_id(codec::to_canonical(x)));
  };
  const auto good = signed_one(1);
  CAF_CHECK(is_good(verify, good));
  CAF_CHECK(is_good(verify, good));
  auto copy = verify;
  CAF_CHECK(is_good(copy, good));
  CAF_CHECK_EQUAL(checked, 1);
  auto bad = good;
  bad.sender = account_of("bob");
  CAF_CHECK(!is_good(verify, bad));
  bad = good;
  bad.sig[40] ^= 1;
  CAF_CHECK(!is_good(verify, bad));
  CAF_CHECK(!is_good(verify, bad));
  CAF_CHECK_EQUAL(checked, 4);
  // What is old is forgotten.
  for (std::uint64_t i = 0; i < 10'000; ++i)
    CAF_REQUIRE(is_good(verify, signed_one(2 + i)));
  checked = 0;
  CAF_CHECK(is_good(verify, good));
  CAF_CHECK_EQUAL(checked, 1);
}

CAF_TEST_FIXTURE_SCOPE_END()

} // namespace bpci::ledger::test
