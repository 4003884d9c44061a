@extends('layout', ['title' => 'Login'])

@section('content')
    <h1>Login</h1>
    <form method="post" action="{{ route('login') }}">
        @csrf
        <p><input name="email" value="{{ old('email', 'alice@example.test') }}"></p>
        <p><input name="password" type="password" value="secret"></p>
        <p><label><input name="remember" type="checkbox" value="1"> remember me</label></p>
        <p><button>Log in</button> (alice@example.test or bob@example.test, password: secret)</p>
    </form>
@endsection
