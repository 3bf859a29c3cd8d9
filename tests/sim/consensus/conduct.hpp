#pragma once

#include "model_ledger.hpp"

#include <memory>

namespace bpci::consensus::sim {

/// How a traitor departs from what its engine, which is a real one, would have it do.
class conduct {
public:
  /// What it can do.
  class stage {
  public:
    virtual ~stage() = default;
    [[nodiscard]] virtual const signer& keys() const = 0;
    [[nodiscard]] virtual const chain_state& chain_now() const = 0;
    [[nodiscard]] virtual chance& luck() = 0;
    virtual void send_as_traitor(const address& to, const consensus_message& what) = 0;
  };

  explicit conduct(stage& on) : on_(on) {}
  virtual ~conduct() = default;

  /// The engine wants to say that to all; what is said instead?
  virtual void says(const consensus_message& what) { tell_all(what); }
  virtual void hears(const consensus_message&) {}
  /// From time to time.
  virtual void idles() {}
  /// Somebody asks for blocks.
  virtual void serves(std::vector<sealed_block>&) {}

protected:
  void tell_all(const consensus_message& what);
  /// The validators of the height that is being decided, but oneself.
  [[nodiscard]] std::vector<address> others() const;

  stage& on_;
};

/// Null: honest.
std::unique_ptr<conduct> make_conduct(conduct_kind how, conduct::stage& on);

} // namespace bpci::consensus::sim
