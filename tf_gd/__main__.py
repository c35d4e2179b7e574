"""`python -m tf_gd`: the command line."""

from tf_gd.cli import main

if __name__ == "__main__":
    main()
