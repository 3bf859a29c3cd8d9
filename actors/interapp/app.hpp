#pragma once

#include "messages/interapp/commands.hpp"
#include "runtime/crypto/keys.hpp"
#include "runtime/entity/kind.hpp"

/// The kind `app`: an app of the register. Pure. Its state is an app_record and stands in the table
/// `inter_app` (interapp_store.hpp), which lists are read from; one without a public key is an app
/// that is not registered.
namespace bpci::interapp {

inline constexpr auto app_kind = "app";

entity::kind_ptr make_app_kind();

/// The registration with its key in lower case. Errors: invalid_argument, with the member.
result<app_registration> check(app_registration x);

} // namespace bpci::interapp
