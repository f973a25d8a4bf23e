"""Addresses that desk and portal share."""

from django.urls import path

from hauspost.doors.ui import preferences, signing, signing_confirming, signing_own, tokens

urlpatterns = [
    path("", signing.home, name="home"),
    path("sign-in", signing.sign_in, name="sign-in"),
    path("sign-in/code", signing.sign_in_code, name="sign-in-code"),
    path("sign-in/factor", signing.sign_in_factor, name="sign-in-factor"),
    path("sign-in/passkey", signing.sign_in_passkey, name="sign-in-passkey"),
    path("sign-out", signing.sign_out, name="sign-out"),
    path("first/<str:token>", signing.first_administrator, name="first-administrator"),
    path("me/security", signing_own.show, name="security"),
    path("me/security/confirmation", signing_confirming.confirmation, name="confirmation"),
    path("me/security/password", signing_own.password, name="own-password"),
    path("me/security/authenticator", signing_own.authenticator, name="authenticator"),
    path("me/security/authenticator/removal", signing_own.authenticator_removal, name="authenticator-removal"),
    path("me/security/recovery-codes", signing_own.recovery_codes, name="recovery-codes"),
    path("me/security/passkeys", signing_own.own_passkeys, name="passkeys"),
    path("me/security/passkeys/<int:passkey>/name", signing_own.passkey_name, name="passkey-name"),
    path("me/security/passkeys/<int:passkey>/removal", signing_own.passkey_removal, name="passkey-removal"),
    path("me/security/other-sessions", signing_own.other_sessions, name="other-sessions"),
    path("me/tokens", tokens.show, name="tokens"),
    path("me/tokens/new", tokens.new, name="token-new"),
    path("me/tokens/<int:row>/removal", tokens.removal, name="token-removal"),
    path("look", preferences.look, name="look"),
]
