"""The index of a workspace: what each of its files tells the others about its functions, kept between runs."""
