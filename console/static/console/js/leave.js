// A form that is only a way on to an identity provider sends itself.
document.querySelector("form[data-send-at-once]")?.requestSubmit();
