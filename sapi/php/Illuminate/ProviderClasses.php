<?php

declare(strict_types=1);

namespace Rserverd\Illuminate;

use Illuminate\Support\ServiceProvider;
use ReflectionClass;
use Rserverd\Log;
use Rserverd\Settings;
use UnexpectedValueException;

/**
 * isolation = simple: what is done with a service provider, and when. On worker: registered and booted once, at boot. In
 * request: both in every request. Ignored: neither. All others are across: registered once, booted in every request.
 */
final class ProviderClasses
{
    public const ON_WORKER = 'providers_on_worker';

    public const IN_REQUEST = 'providers_in_request';

    public const IGNORED = 'providers_ignore';

    /**
     * On worker unless an option names it: its boot() tells the models where the database is, which is the same for all
     * requests. So they are of use also between requests, where task data arrives and handlers of WorkerStart run.
     */
    private const BY_ITSELF = ['Illuminate\Database\DatabaseServiceProvider'];

    /** @var array<class-string, string> the option that names it */
    private array $option = [];

    /** @param array<string, list<string>> $lists by option */
    private function __construct(array $lists)
    {
        foreach ($lists as $option => $classes) {
            foreach ($classes as $class) {
                $this->add($option, $class);
            }
        }
    }

    /** To be asked when the application's classes can be loaded; null: another mode, in which providers boot once. */
    public static function of(Settings $settings): ?self
    {
        $lists = [
            self::ON_WORKER => $settings->providersOnWorker,
            self::IN_REQUEST => $settings->providersInRequest,
            self::IGNORED => $settings->providersIgnored,
        ];
        if ($settings->isolation === 'simple') {
            return new self($lists);
        }
        foreach (array_filter($lists) as $option => $classes) {
            Log::warning("$option does nothing: it is for isolation = simple, and this is isolation = $settings->isolation");
        }

        return null;
    }

    /** @return list<class-string> as their files write them */
    public function named(string $option): array
    {
        $named = array_keys($this->option, $option, true);

        return $option !== self::ON_WORKER ? $named
            : [...array_filter(self::BY_ITSELF, fn (string $class): bool => !isset($this->option[$class])), ...$named];
    }

    /**
     * A list of providers without those that are not registered at boot.
     *
     * @param list<string> $listed
     *
     * @return list<string>
     */
    public function atBoot(array $listed): array
    {
        return array_values(array_filter($listed, fn (string $class): bool => match ($this->option[self::written($class)] ?? '') {
            self::IN_REQUEST, self::IGNORED => false,
            default => true,
        }));
    }

    /**
     * A list without those that are not registered in requests.
     *
     * @param list<string> $listed
     *
     * @return list<string>
     */
    public function inRequest(array $listed): array
    {
        return array_values(array_filter($listed,
            fn (string $class): bool => ($this->option[self::written($class)] ?? '') === self::IN_REQUEST));
    }

    /**
     * Names those of which nothing has become: the application lists them nowhere, or registers them itself.
     *
     * @param list<string>                $listed
     * @param \Closure(class-string): bool $registered at boot
     */
    public function complain(array $listed, \Closure $registered): void
    {
        $listed = array_flip(array_map(self::written(...), $listed));
        foreach ($this->option as $class => $option) {
            if ($registered($class)) {
                $option === self::ON_WORKER || Log::warning("$option: $class is registered by bootstrap/app.php, by the "
                    . 'framework itself or by another provider: it is registered once, and booted in every request');
            } elseif (!isset($listed[$class])) {
                Log::warning("$option: $class is none of the application's providers");
            }
        }
    }

    private function add(string $option, string $class): void
    {
        if (!class_exists($class)) {
            throw new UnexpectedValueException("$option: there is no class $class");
        }
        if (!is_subclass_of($class, ServiceProvider::class)) {
            throw new UnexpectedValueException("$option: $class must extend " . ServiceProvider::class);
        }
        $class = self::written($class);
        if (($this->option[$class] ?? $option) !== $option) {
            throw new UnexpectedValueException("$option: $class is in {$this->option[$class]} as well");
        }
        $this->option[$class] = $option;
    }

    /** Class names mean the same in any case. */
    private static function written(string $class): string
    {
        return class_exists($class) ? (new ReflectionClass($class))->getName() : $class;
    }
}
