"""The billing contact."""

from django import forms

from console.forms.base import ConsoleForm


class BillingContactForm(ConsoleForm):
    name = forms.CharField(label="Name", max_length=200)
    email = forms.CharField(
        label="E-mail",
        max_length=254,
        widget=forms.EmailInput(),
        help_text="A person or a mailbox that takes care of bills.",
    )
    company = forms.CharField(label="Company", max_length=200, required=False)
    address = forms.CharField(
        label="Address",
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "class": "input prose"}),
    )
    tax_id = forms.CharField(label="Tax ID", max_length=64, required=False)
    purchase_order = forms.CharField(
        label="Purchase order", max_length=64, required=False, help_text="Your own reference."
    )
