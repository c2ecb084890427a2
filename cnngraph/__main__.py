from cnngraph.cli import main

main()
