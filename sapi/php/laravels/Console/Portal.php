<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Console;

use Rserverd\Server\Child;
use Symfony\Component\Console\Command\Command;
use Symfony\Component\Console\Input\InputArgument;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Output\OutputInterface;

/** The command of a bin/laravels that LaravelS has published: it hands everything on to rserverd. And its helpers. */
class Portal extends Command
{
    private const SCRIPT = __DIR__ . '/../bin/laravels';

    /** @var string */
    protected $basePath;

    public function __construct($basePath)
    {
        $this->basePath = $basePath;
        parent::__construct('laravels');
    }

    /** The exit status of Artisan with the words of this line; no shell sees it. */
    public static function runArtisanCommand($basePath, $cmd)
    {
        return self::runCommand([...self::php(), "$basePath/artisan", ...Child::words((string) $cmd)]);
    }

    /** The same of bin/laravels. */
    public static function runLaravelSCommand($basePath, $cmd)
    {
        return self::runCommand([...self::php(), "$basePath/bin/laravels", ...Child::words((string) $cmd)]);
    }

    /** The exit status of a shell command, or of a list of words without a shell; what it prints is printed. */
    public static function runCommand($cmd, $input = null)
    {
        $process = proc_open($cmd, [$input === null ? STDIN : ['pipe', 'r'], STDOUT, STDERR], $pipes);
        if ($process === false) {
            return 1;
        }
        if ($input !== null) {
            @fwrite($pipes[0], (string) $input);
            fclose($pipes[0]);
        }

        return proc_close($process);
    }

    /** Signal 0 only asks. */
    public static function kill($pid, $sig)
    {
        return (int) $pid > 0 && @posix_kill((int) $pid, (int) $sig);
    }

    protected function configure(): void
    {
        $this->setDescription('Hands on to rserverd')
            ->addArgument('action', InputArgument::OPTIONAL, 'start|stop|restart|reload|info|help', 'help')
            ->addOption('env', 'e', InputOption::VALUE_OPTIONAL, 'The environment: .env.NAME')
            ->addOption('daemonize', 'd', InputOption::VALUE_NONE, 'In the background')
            ->addOption('ignore', 'i', InputOption::VALUE_NONE, 'Accepted')
            ->addOption('x-version', 'x', InputOption::VALUE_OPTIONAL, 'X_VERSION of the application');
    }

    protected function execute(InputInterface $input, OutputInterface $output): int
    {
        $words = [(string) $input->getArgument('action')];
        foreach (['daemonize' => '-d', 'ignore' => '-i'] as $name => $letter) {
            $input->getOption($name) && $words[] = $letter;
        }
        foreach (['env' => '-e', 'x-version' => '-x'] as $name => $letter) {
            $value = (string) $input->getOption($name);
            $value === '' || array_push($words, $letter, $value);
        }
        chdir($this->basePath);

        return self::runCommand([PHP_BINARY, self::SCRIPT, ...$words]);
    }

    /** @return list<string> */
    private static function php(): array
    {
        $ini = php_ini_loaded_file();

        return $ini === false ? [PHP_BINARY] : [PHP_BINARY, '-c', $ini];
    }
}
